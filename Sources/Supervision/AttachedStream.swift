internal import DequeModule
internal import HeddleModel
internal import HeddleWire

/// One stream of bytes between a client and a thread.
enum AttachedStream: Equatable, Sendable {
  case input(InputStream)
  case output(OutputStream)

  var thread: ThreadID {
    switch self {
    case .input(let stream): stream.thread
    case .output(let stream): stream.thread
    }
  }
}

/// A stream as its thread knows it.
struct Attachment: Equatable, Sendable {
  let connection: ConnectionID
  let stream: StreamID
  let source: ThreadStream
}

/// Why what came on a stream breaks the protocol.
enum StreamFault: Error, Equatable {
  /// More bytes than the receiver gave credit for.
  case overrun
  /// Something after the end.
  case afterEnd
  /// More was taken than was sent, or less than before.
  case taken
  /// A frame that only the stream's other end sends.
  case wrongEnd
}

/// A client's bytes on their way to a program's standard input.
struct InputStream: Equatable, Sendable {
  let thread: ThreadID
  /// What came and was not written, oldest first: never more than the credit.
  private var backlog: Deque<UInt8> = []
  /// How many bytes are being written.
  private var writingCount = 0
  private(set) var taken = Taken(bytes: 0)
  /// Whether the client has sent its last byte.
  private(set) var isEnded = false

  init(of thread: ThreadID) { self.thread = thread }

  /// Whether all has come and is written.
  var isDone: Bool { isEnded && backlog.isEmpty && writingCount == 0 }

  mutating func receive(_ bytes: [UInt8]) throws(StreamFault) {
    if isEnded { throw .afterEnd }
    guard backlog.count + writingCount + bytes.count <= Taken.creditMax else { throw .overrun }
    backlog.append(contentsOf: bytes)
  }

  mutating func receiveEnd() throws(StreamFault) {
    if isEnded { throw .afterEnd }
    isEnded = true
  }

  /// What is to be written next; nil when there is nothing, or something is being written.
  mutating func next(atMost most: Int) -> [UInt8]? {
    guard writingCount == 0, !backlog.isEmpty else { return nil }
    let bytes = Array(backlog.prefix(most))
    backlog.removeFirst(bytes.count)
    writingCount = bytes.count
    return bytes
  }

  /// The program's pipe has taken what was being written.
  ///
  /// - Returns: what the client is told; nil when nothing was being written.
  mutating func written() -> Taken? {
    guard writingCount > 0 else { return nil }
    taken = Taken(bytes: taken.bytes + UInt64(writingCount))
    writingCount = 0
    return taken
  }
}

/// A program's bytes on their way to a client that may be slow.
struct OutputStream: Equatable, Sendable {
  /// What goes out next.
  enum Piece: Equatable {
    /// The next bytes begin here; some before were lost, or these are the first.
    case position(Int)
    case bytes([UInt8])
  }

  let thread: ThreadID
  let source: ThreadStream
  /// Whether the program waits rather than that bytes are lost.
  let holdsProgram: Bool
  /// The place of the next byte to send, in all that the source has ever given.
  private var position: Int
  /// Whether the client knows that.
  private var isPositionTold = false
  private var sentCount: UInt64 = 0
  private var takenCount: UInt64 = 0
  /// Of an output, what came and was not sent, oldest first. The log is the thread's own.
  private var backlog: Deque<UInt8> = []

  init(_ source: ThreadStream, of thread: ThreadID, from position: Int, holdsProgram: Bool = false) {
    self.source = source
    self.thread = thread
    self.position = position
    self.holdsProgram = holdsProgram
  }

  /// How many bytes the client will take.
  private var credit: Int { Taken.creditMax - Int(sentCount - takenCount) }

  /// Whether all that came to it was sent. Never asked of a log.
  var isEmpty: Bool { backlog.isEmpty }

  /// Whether all of the log was sent.
  func isAtEnd(of log: LogRing) -> Bool { position >= log.end }

  /// The program has written: for an output. Unless it holds the program, the oldest make room.
  mutating func append(_ bytes: some Collection<UInt8>) {
    backlog.append(contentsOf: bytes)
    let excess = backlog.count - Limits.backlogBytesMax - credit
    guard !holdsProgram, excess > 0 else { return }
    backlog.removeFirst(excess)
    position += excess
    isPositionTold = false
  }

  mutating func receive(_ taken: Taken) throws(StreamFault) {
    guard taken.bytes >= takenCount, taken.bytes <= sentCount else { throw .taken }
    takenCount = taken.bytes
  }

  /// The next piece of an output; nil when there is none, or no credit.
  mutating func next(atMost most: Int) -> Piece? {
    if let told = tellPosition(isDue: !backlog.isEmpty && credit > 0) { return told }
    let bytes = Array(backlog.prefix(min(most, credit)))
    guard !bytes.isEmpty else { return nil }
    backlog.removeFirst(bytes.count)
    return send(bytes)
  }

  /// The next piece of a log; nil when there is none, or no credit.
  mutating func next(in log: LogRing, atMost most: Int) -> Piece? {
    if position < log.dropped {
      position = log.dropped
      isPositionTold = false
    }
    if let told = tellPosition(isDue: position < log.end && credit > 0) { return told }
    let bytes = log.bytes(from: position, atMost: min(most, credit))
    return bytes.isEmpty ? nil : send(bytes)
  }

  /// At the beginning at once; later not before something follows, so that a slow client is not told again and again.
  private mutating func tellPosition(isDue: Bool) -> Piece? {
    guard !isPositionTold, isDue || sentCount == 0 else { return nil }
    isPositionTold = true
    return .position(position)
  }

  private mutating func send(_ bytes: [UInt8]) -> Piece {
    position += bytes.count
    sentCount += UInt64(bytes.count)
    return .bytes(bytes)
  }
}
