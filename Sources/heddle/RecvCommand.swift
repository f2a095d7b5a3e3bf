internal import ArgumentParser
internal import HeddleClient
internal import HeddleModel
internal import HeddleWire

struct RecvCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recv",
    abstract: "Take a message of the thread that this process is a part of.",
    discussion: """
      while order=$(heddle recv); do echo "got $order"; done
      heddle recv --try || echo 'no mail'
      heddle recv --as inbox --follow

      Inside a thread, in any process that its program has started, it takes the oldest message of that thread and prints it \
      as a line; when there is none it waits. Of a thread whose channel is lines or frames it takes what the program was \
      not given yet. A message is taken once it is printed: if that is interrupted it is received again.

      Outside of threads --as makes one, of this name, for as long as heddle recv runs: others can send it mail, suspend it, \
      and end it: killed, heddle recv exits with 137, and after a break with 130 (interrupt), 129 (hang-up) or 143 (terminate).

      Exits with 0 when something was received or pushed back, with 1 and without output when there is no mail (--try) or \
      no more can come, with 2 outside of a thread, and with 7 when another thread has the name. --follow ends with 0 \
      at the end of mail.
      """
  )

  @Flag(name: .customLong("try"), help: "Do not wait for mail.")
  var tries = false

  @Option(name: .shortAndLong, help: ArgumentHelp("Take so many messages.", valueName: "count"))
  var number: Int?

  @Flag(name: .shortAndLong, help: "Go on until the end of mail.")
  var follow = false

  @Flag(
    help: "Push the messages back to the front of the mail instead, one by one: the last of them is received first."
  )
  var rewind = false

  @Option(
    name: .customLong("as"),
    help: ArgumentHelp("Be a thread of this name meanwhile.", valueName: "name"),
    transform: Targets.name
  )
  var name: EntityName?

  @OptionGroup var common: CommonOptions

  @Argument(help: ArgumentHelp("What --rewind pushes back.", valueName: "message"))
  var messages: [String] = []

  func validate() throws {
    if let number, number < 1 { throw ValidationError("-n takes a number of messages, 1 or more.") }
    if follow, tries || number != nil {
      throw ValidationError("--follow takes all that comes; leave out --try and -n.")
    }
    if rewind {
      if tries || follow || number != nil {
        throw ValidationError("--rewind takes nothing; leave out --try, -n and --follow.")
      }
    } else if let first = messages.first {
      throw ValidationError("Messages are for --rewind; leave out '\(first)'.")
    }
    if name != nil, tries || rewind {
      throw ValidationError("The mailbox of --as begins empty; leave out \(tries ? "--try" : "--rewind").")
    }
  }

  func run() async throws {
    try await common.withSupervisor { supervisor in
      let own = if let name { try await supervisor.becomeThread(named: name).id } else { ThreadID?.none }
      if rewind {
        try await supervisor.rewind(messages.map { Array($0.utf8) })
        return common.output.write(json: WireJSON.rewound(messages.count), "")
      }
      do {
        let count = try await receive(over: supervisor)
        if count == 0, !follow { throw ExitCode(ExitStatus.failed.rawValue) }
      } catch let error as ClientError where error.code == .dead {
        guard let own else { throw error }
        throw Failure(error, at: common.place.location).exiting(with: await status(ofDead: own))
      }
    }
  }

  /// How this process ends as the thread that it was, which somebody has ended, and the connection with it.
  private func status(ofDead thread: ThreadID) async -> ExitStatus {
    var status = ExitStatus.killed
    try? await common.place.withSupervisor { supervisor in
      if let cause = try await supervisor.find(.id(thread)).death?.cause { status = WaitCommand.status(of: cause) }
    }
    return status
  }

  /// Prints messages as they come, as far as they are wanted.
  ///
  /// - Returns: how many.
  private func receive(over supervisor: Supervisor) async throws -> Int {
    let most = follow ? Int.max : number ?? 1
    var count = 0
    while count < most {
      let receipt = try await supervisor.receive(atMost: min(most - count, Self.portion), waiting: !tries)
      guard case .messages(let messages, let through) = receipt else { break }
      let lines = messages.map { common.json ? Array("\(WireJSON.received($0))\n".utf8) : $0 + [UInt8(ascii: "\n")] }
      if !common.quiet { Output.write(Array(lines.joined())) }
      // From here on nobody else gets them, whatever becomes of this process.
      try await supervisor.confirmMail(through: through)
      count += messages.count
    }
    return count
  }

  /// How many messages are asked for at a time.
  private static let portion = 100
}
