import ArgumentParser
import Glibc
import HeddleModel
import HeddleWire

/// The workers that the benchmarks start, on their descriptor 3.
struct BenchWorker: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "worker", shouldDisplay: false)

  enum Role: String, CaseIterable, ExpressibleByArgument {
    /// Takes so many messages, and ends.
    case sink
    /// Sends each message back to the thread whose number is its first eight bytes, until the end of mail.
    case echo
    /// Sends messages to an echo, one after the other, and prints the median round trip in nanoseconds.
    case ping
  }

  @Argument var role: Role
  @Argument var count: Int
  @Argument var partner: UInt64 = 0
  /// What the partner's node calls this one.
  @Argument var slot: UInt16 = 0

  func run() throws {
    var channel = WorkerChannel()
    let me = try channel.greet()
    switch role {
    case .sink: try sink(&channel)
    case .echo: try echo(&channel)
    case .ping: try ping(&channel, as: me)
    }
  }

  private func sink(_ channel: inout WorkerChannel) throws {
    var rest = count
    while rest > 0 { rest -= try channel.receive { _, _ in } }
  }

  private func echo(_ channel: inout WorkerChannel) throws {
    while true {
      _ = try channel.receive { body, writer in
        var sender: UInt64 = 0
        for index in 0..<8 { sender = sender << 8 | UInt64(body[index]) }
        try writer.mail(body, to: ThreadID(rawValue: sender), flags: [.wait, .later])
      }
    }
  }

  private func ping(_ channel: inout WorkerChannel, as me: ThreadID) throws {
    var body = [UInt8](repeating: 0, count: 64)
    let me = me.moved(to: NodeSlot(rawValue: slot))
    for index in 0..<8 { body[index] = UInt8(truncatingIfNeeded: me.rawValue >> UInt64(56 - 8 * index)) }
    var samples: [Double] = []
    for _ in 0..<count {
      let start = ContinuousClock.now
      try channel.send(body, to: ThreadID(rawValue: partner))
      while try channel.receive({ _, _ in }) == 0 {}
      samples.append(nanoseconds(since: start))
    }
    // The first ones find everything cold.
    let warm = samples.dropFirst(count / 10).sorted()
    print(warm[warm.count / 2])
  }
}

/// A worker's descriptor 3, with the plainest of loops: it reads, takes what came, and writes.
struct WorkerChannel {
  private static let descriptor: Int32 = 3
  private var reader = FrameReader()
  private var writer = FrameWriter()
  private var buffer = [UInt8](repeating: 0, count: 256 << 10)
  private var taken = MailTotals.zero
  /// What the supervisor knows of that.
  private var told = MailTotals.zero
  /// The mail that came together with WELCOME.
  private var early: [[UInt8]] = []

  /// Says HELLO.
  ///
  /// - Returns: which thread this is.
  mutating func greet() throws -> ThreadID {
    try writer.hello(Hello(clientName: "heddle-bench", clientVersion: "0"))
    try flush()
    var (welcome, early): (Welcome?, [[UInt8]]) = (nil, [])
    while welcome == nil {
      try read({ body in early.append(unsafe body.withUnsafeBufferPointer { unsafe Array($0) }) }) { frame in
        if frame.header.kind == .welcome { welcome = try Welcome(decoding: frame.body) }
      }
    }
    self.early = early
    guard let welcome, let worker = welcome.worker else { throw BenchError(what: "greet the supervisor", errno: 0) }
    reader.bodyMax = welcome.bodyMax
    writer.bodyMax = welcome.bodyMax
    return worker.thread
  }

  mutating func send(_ body: [UInt8], to receiver: ThreadID) throws {
    try writer.mail(body.span, to: receiver, flags: [.wait, .later])
    try flush()
  }

  /// Takes the mail that comes with one read, and says that it has when that is a quarter of the usual credit. At the end of the connection it ends the program.
  ///
  /// - Parameter handle: gets each body, and where to put answers.
  /// - Returns: how many messages there were.
  mutating func receive(_ handle: (Span<UInt8>, inout FrameWriter) throws -> Void) throws -> Int {
    let before = taken.messages
    var (totals, output) = (taken, writer)
    writer = FrameWriter()
    func take(_ body: Span<UInt8>) throws {
      totals.messages += 1
      totals.bytes += UInt64(body.count)
      try handle(body, &output)
    }
    if early.isEmpty {
      try read(take) { _ in }
    } else {
      for body in early { try take(body.span) }
      early = []
    }
    (taken, writer) = (totals, output)
    if told.isBehind(taken) {
      told = taken
      try writer.credit(taken)
    }
    try flush()
    return Int(taken.messages - before)
  }

  /// Reads once.
  ///
  /// - Parameters:
  ///   - take: gets the body of each message, where it was read to.
  ///   - other: gets all other frames.
  private mutating func read(_ take: (Span<UInt8>) throws -> Void, _ other: (Frame) throws -> Void) throws {
    let count = unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(Self.descriptor, $0.baseAddress, $0.count) }
    guard count > 0 else { exit(0) }
    var (frames, offset) = (reader, 0)
    reader = FrameReader()
    let bytes = buffer
    let chunk = bytes.span.extracting(..<count)
    while true {
      if let run = frames.mailRun(in: chunk, at: &offset) {
        try run.forEach(in: chunk, take)
      } else if let frame = try frames.next(in: chunk, at: &offset) {
        if frame.header.kind == .mail { try take(frame.body.span) } else { try other(frame) }
      } else {
        break
      }
    }
    reader = frames
  }

  private mutating func flush() throws {
    var rest = writer.take()[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe write(Self.descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { throw BenchError(what: "write to the supervisor", errno: errno) }
      rest = rest.dropFirst(count)
    }
  }
}

extension MailTotals {
  /// Whether `taken` is so much more that it is time to tell.
  fileprivate func isBehind(_ taken: MailTotals) -> Bool {
    taken.messages - messages >= Self.usualCredit.messages / 4 || taken.bytes - bytes >= Self.usualCredit.bytes / 4
  }
}
