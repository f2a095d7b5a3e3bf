internal import ArgumentParser
internal import Glibc
internal import HeddleClient
internal import HeddleModel
internal import HeddleWire

struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Make a thread whose body is a program.",
    discussion: """
      heddle run -d --name ticker -- sh -c 'while :; do echo tick; sleep 1; done'
      heddle run -d --name words --channel lines -- awk '{ n += NF; print n; fflush() }'
      heddle run -d --in job -- make test
      heddle run -d --to words --to-end -- cat book.txt
      heddle run -- make test
      heddle run -d --name b/worker -- ./worker
      heddle run -d --rm --timeout 1h --env-file job.env --limit nofile=256,as=2GiB -- ./job

      With --to each line of standard output is mail for another thread; while its mailbox is full the program waits, as \
      in a pipeline. A line of more than 64 KiB goes in pieces.

      The program has the caller's directory, environment and umask. Inside a thread, its custodian is the \
      place of new ones; elsewhere /main is. Where there is no daemon one is started in the background; it leaves when nobody \
      has used it for 10 minutes.

      Without -d the program is in the foreground: it reads and writes what heddle does, Ctrl-C is a break for it (twice \
      within two seconds kills it), Ctrl-Z suspends it until heddle goes on (fg, bg), and heddle exits as it did, with 124 \
      when its time was up, or with 125 when somebody else ended it. When heddle is killed the program gets a hang-up, and is ended two seconds later.

      \(EnvironmentFile.form)
      """
  )

  enum Channel: String, ExpressibleByArgument {
    case none
    case lines
    case frames

    var mode: ChannelMode {
      switch self {
      case .none: .none
      case .lines: .lines
      case .frames: .frames
      }
    }
  }

  @Flag(name: .shortAndLong, help: "Leave the program to the daemon.")
  var detach = false

  @Option(help: "The thread's name; b/NAME starts it on node b of the cluster.", transform: Targets.newName)
  var name: NameArgument?

  @Option(
    name: .customLong("in"),
    help: ArgumentHelp("The custodian that manages it.", valueName: "custodian"),
    completion: Targets.custodianNames,
    transform: Targets.custodian
  )
  var custodian: CustodianReference?

  @Option(
    help: ArgumentHelp(
      "How mail reaches the program: not at all, as lines on its standard input, or on its descriptor 3.",
      valueName: "none|lines|frames"
    )
  )
  var channel = Channel.none

  @Option(
    help: ArgumentHelp("Send each line of standard output on to this thread, too.", valueName: "thread"),
    completion: Targets.threadName,
    transform: Targets.thread
  )
  var to: ThreadReference?

  @Flag(help: "Then announce the end of that thread's mail.")
  var toEnd = false

  @Option(
    help: ArgumentHelp(
      "How much mail waits for it: messages, bytes, or both; 1024,8MiB unless said. A part may be unlimited.",
      valueName: "messages,bytes"
    ),
    transform: MailboxArgument.parse
  )
  var mailbox: MailboxArgument?

  /// As `PartitionPolicy` has them.
  enum OnPartition: String, ExpressibleByArgument, CaseIterable {
    case suspend
    case kill
    case keep

    var policy: PartitionPolicy {
      switch self {
      case .suspend: .suspend
      case .kill: .kill
      case .keep: .keep
      }
    }
  }

  @Option(
    help: ArgumentHelp(
      "What becomes of it, if other nodes know of it, when its node can't renew its lease.",
      valueName: "suspend|kill|keep"
    )
  )
  var onPartition = OnPartition.suspend

  @Option(
    help: ArgumentHelp(
      "A name that no other thread of the cluster has while it lives; the program has the claim's number in HEDDLE_FENCE.",
      valueName: "name"
    ),
    transform: Targets.name
  )
  var globalName: EntityName?

  @Flag(help: "Killed, the thread is suspended instead.")
  var suspendToKill = false

  @OptionGroup var program: ProgramOptions

  @Option(help: ArgumentHelp("End the thread after so long.", valueName: "duration"), transform: DurationArgument.parse)
  var timeout: DurationArgument?

  @Flag(name: .customLong("rm"), help: "Forget the thread when it is dead.")
  var forget = false

  @OptionGroup var place: SocketOption

  @OptionGroup var output: OutputOptions

  @Argument(parsing: .postTerminator, help: "The program and its arguments, after --.")
  var command: [String]

  func validate() throws {
    if let here = name?.node, let there = custodian?.node, here != there {
      throw ValidationError("The name says node \(here), and the custodian node \(there); say one.")
    }
    if toEnd, to == nil { throw ValidationError("--to-end passes the end on to the thread of --to; name one.") }
    if command.isEmpty { throw ValidationError("Name the program after --, as in: heddle run -d -- sleep 60") }
    if command.first == "" { throw ValidationError("The program after -- has no name.") }
    if output.json, !detach {
      throw ValidationError(
        "Without -d standard output is the program's; add -d for --json, and heddle wait --json says how it ended."
      )
    }
    if timeout?.duration == .zero { throw ValidationError("--timeout takes a time above 0.") }
  }

  func run() async throws {
    let autostart = Autostart(socket: place.location, isQuiet: output.quiet)
    guard !detach else { return try await place.withSupervisor(autostart) { try await start(over: $0) } }
    do {
      try await place.withSupervisor(autostart) { supervisor in
        let end = try await foreground(over: supervisor)
        throw try end.exitCode()
      }
    } catch let failure as Failure {
      // The program's own status must not be confused with ours.
      throw [.notFound, .notExecutable, .timeout].contains(failure.status)
        ? failure : failure.exiting(with: .ownFailure)
    }
  }

  private func start(over supervisor: Supervisor) async throws {
    do {
      let thread = try await supervisor.spawn(makeSpawn(in: .main), on: node)
      output.write(json: WireJSON.text(thread), Self.line(about: thread))
    } catch let error as ClientError {
      throw Self.startFailure(error) ?? error
    }
  }

  private func foreground(over supervisor: Supervisor) async throws -> ForegroundRun.End {
    do {
      var spawn = try makeSpawn(in: nil)
      spawn.held = true
      return try await ForegroundRun(spawn, on: node, over: supervisor).end()
    } catch let error as ClientError {
      throw Self.startFailure(error) ?? error
    }
  }

  /// Where it is started; nil is the supervisor itself.
  private var node: EntityName? { name?.node ?? custodian?.node }

  /// - Parameter place: where it goes unless it is said, and outside of threads.
  private func makeSpawn(in place: CustodianPath?) throws -> Spawn {
    // On another node there is no such custodian.
    let own = node == nil ? try SocketOption.ownCustodian() : nil
    let custodian = custodian?.path ?? own ?? place
    var spawn = try program.makeSpawn(name?.name, in: custodian, arguments: command.count)
    spawn.channel = channel.mode
    spawn.suspendToKill = suspendToKill
    spawn.mailboxBounds = mailbox?.bounds
    spawn.relay = to.map { Spawn.Relay(to: $0, passesEnd: toEnd) }
    spawn.timeout = timeout?.duration
    spawn.forget = forget
    spawn.onPartition = onPartition.policy
    spawn.globalName = globalName
    return spawn
  }

  /// "ticker  id 7f3a  running  (custodian /main)"
  static func line(about thread: ThreadInfo) -> String {
    let custodians = thread.custodians.map(\.description).joined(separator: ", ")
    let place = custodians.isEmpty ? "(no custodian)" : "(custodian \(custodians))"
    let called = thread.name.map { _ in [thread.label, "id \(thread.id)"] } ?? [thread.label]
    return (called + ["\(thread.state)", place]).joined(separator: "  ") + "\n"
  }

  /// A program that can't be started has the exit status that a shell gives it.
  private static func startFailure(_ error: ClientError) -> Failure? {
    // Its limits are heddle's to set, and whoever ended it before it ran was not the program.
    guard let refusal = error.refusal, refusal.code == .cannotStart else { return nil }
    return Failure(refusal).exiting(with: refusal.errorNumber == ENOENT ? .notFound : .notExecutable)
  }
}
