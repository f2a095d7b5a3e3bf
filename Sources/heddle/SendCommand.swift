internal import ArgumentParser
internal import HeddleClient
internal import HeddleModel
internal import HeddleWire

struct SendCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "send",
    abstract: "Send mail to a thread.",
    discussion: """
      heddle send words 'a named thread of a loom'
      seq 1000 | heddle send words --lines
      heddle send words --end

      Waits while the mailbox is full. For a thread whose channel is lines, the newline at the end of standard input \
      is not part of the message.
      """
  )

  @Flag(help: "Send each line of standard input as a message.")
  var lines = false

  @Flag(help: "Then announce the end of the thread's mail; alone, only that.")
  var end = false

  @OptionGroup var common: CommonOptions

  @Argument(help: "The receiver.", completion: Targets.threadNames, transform: Targets.thread)
  var thread: ThreadReference

  @Argument(help: "The message; - is standard input, which is also what is sent without one.")
  var message: String?

  func validate() throws {
    if lines, let message, message != "-" {
      throw ValidationError("With --lines the messages come from standard input; leave out '\(message)'.")
    }
  }

  func run() async throws {
    try await common.withSupervisor { supervisor in
      let receiver = try await supervisor.findOrHint(thread)
      do {
        try await sendMail(to: receiver, over: supervisor)
        if end { try await supervisor.endMail(of: .id(receiver.id)) }
      } catch let error as ClientError {
        throw Self.named(error, receiver.label)
      }
    }
  }

  private func sendMail(to receiver: ThreadInfo, over supervisor: Supervisor) async throws {
    if lines {
      try await sendLines(to: receiver.id, over: supervisor)
    } else if let message, message != "-" {
      try await supervisor.send(Array(message.utf8), to: receiver.id, waitingForRoom: true)
    } else if message != nil || !end {
      var body = try Self.wholeInput()
      if receiver.channel == .lines, body.last == UInt8(ascii: "\n") { body.removeLast() }
      try await supervisor.send(body, to: receiver.id, waitingForRoom: true)
    }
  }

  /// Reads no faster than the receiver takes, since a post waits while the window is full.
  private func sendLines(to receiver: ThreadID, over supervisor: Supervisor) async throws {
    var cutter = LineCutter(bytesMax: BodyLimit.usual)
    while true {
      let chunk = try Input.read()
      let lines = chunk.isEmpty ? cutter.end().map { [$0] } ?? [] : try cutter.lines(in: chunk)
      try await supervisor.post(contentsOf: lines, to: receiver)
      if chunk.isEmpty { break }
    }
    try await supervisor.flush()
  }

  private static func wholeInput() throws(Failure) -> [UInt8] {
    var body: [UInt8] = []
    while true {
      let chunk = try Input.read()
      if chunk.isEmpty { return body }
      body += chunk
      guard body.count <= BodyLimit.usual else {
        throw Failure(
          .refused,
          "cannot send standard input: it is longer than the \(BodyLimit.usual) bytes of a message; try --lines"
        )
      }
    }
  }

  /// Acks know ids alone; people know `label`.
  private static func named(_ error: ClientError, _ label: String) -> ClientError {
    guard let refusal = error.refusal else { return error }
    return .refused(
      WireRefusal(
        refusal.code,
        attempted: refusal.attempted,
        subject: label,
        reason: refusal.reason,
        advice: refusal.advice,
        errorNumber: refusal.errorNumber
      )
    )
  }
}
