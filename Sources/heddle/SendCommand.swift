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
      heddle send words --try 'only if there is room'

      Waits while the mailbox is full, and lets mail wait for a suspended thread. For a thread whose channel is lines, the \
      newline at the end of standard input is not part of the message.

      Exits with 7 when the mail is refused: by a full mailbox with --try, by a suspended thread with --require-running, \
      and in any case by a dead one, or one whose end of mail was announced.
      """
  )

  @Flag(help: "Send each line of standard input as a message.")
  var lines = false

  @Flag(help: "Then announce the end of the thread's mail; alone, only that.")
  var end = false

  @Flag(name: .customLong("try"), help: "Do not wait for room in the mailbox.")
  var tries = false

  @Flag(help: "Do not send to a thread that is suspended.")
  var requireRunning = false

  @OptionGroup var common: CommonOptions

  @Argument(help: "The receiver.", completion: Targets.threadName, transform: Targets.thread)
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
        let count = try await sendMail(to: receiver, over: supervisor)
        if end { try await supervisor.endMail(of: .id(receiver.id)) }
        common.output.write(json: WireJSON.sent(count, to: receiver, end: end), "")
      } catch let error as ClientError {
        throw Self.named(error, receiver.label)
      }
    }
  }

  /// - Returns: how many messages that were.
  private func sendMail(to receiver: ThreadInfo, over supervisor: Supervisor) async throws -> Int {
    if lines { return try await sendLines(to: receiver.id, over: supervisor) }
    if let message, message != "-" {
      try await send(Array(message.utf8), to: receiver.id, over: supervisor)
    } else if message != nil || !end {
      var body = try Self.wholeInput()
      if receiver.channel == .lines, body.last == UInt8(ascii: "\n") { body.removeLast() }
      try await send(body, to: receiver.id, over: supervisor)
    } else {
      return 0
    }
    return 1
  }

  private func send(_ body: [UInt8], to receiver: ThreadID, over supervisor: Supervisor) async throws(ClientError) {
    try await supervisor.send(body, to: receiver, waitingForRoom: !tries, requiresRunning: requireRunning)
  }

  /// Reads no faster than the receiver takes, since a post waits while the window is full.
  ///
  /// - Returns: how many there were.
  private func sendLines(to receiver: ThreadID, over supervisor: Supervisor) async throws -> Int {
    var cutter = LineCutter(bytesMax: BodyLimit.usual)
    while true {
      let chunk = try Input.read()
      let lines = chunk.isEmpty ? cutter.end().map { [$0] } ?? [] : try cutter.lines(in: chunk)
      if tries || requireRunning {
        // One by one, so that nothing is sent behind a line that was refused.
        for (index, line) in lines.enumerated() {
          try await sendLine(line, cutter.count - lines.count + index + 1, to: receiver, over: supervisor)
        }
      } else {
        try await supervisor.post(contentsOf: lines, to: receiver)
      }
      if chunk.isEmpty { break }
    }
    try await supervisor.flush()
    return cutter.count
  }

  /// - Parameter number: which line it is, from 1.
  private func sendLine(_ line: [UInt8], _ number: Int, to receiver: ThreadID, over supervisor: Supervisor) async throws
  {
    do throws(ClientError) { try await send(line, to: receiver, over: supervisor) } catch {
      guard let refusal = error.refusal, number > 1 else { throw error }
      let sent = number == 2 ? "the line before was sent" : "the \(number - 1) lines before were sent"
      throw ClientError.refused(
        WireRefusal(
          refusal.code,
          attempted: "send line \(number) to",
          subject: refusal.subject,
          reason: "\(refusal.reason), and \(sent)",
          advice: refusal.advice
        )
      )
    }
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
