internal import ArgumentParser
internal import HeddleClient
internal import HeddleThreads
internal import HeddleWire

struct SuspendCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "suspend",
    abstract: "Stop a thread, with all of its processes, until it is resumed.",
    discussion: """
      heddle suspend ticker
      heddle suspend id:7f3a
      heddle suspend ticker --for 10s
      """
  )

  @Option(name: .customLong("for"), help: ArgumentHelp("Resume it after so long.", valueName: "duration"))
  var time: DurationArgument?

  @OptionGroup var daemon: SocketOption

  @Argument(help: "The thread.", transform: Targets.thread)
  var thread: ThreadReference

  func run() async throws {
    try await daemon.withSupervisor { supervisor in
      let thread = ThreadReference.id(try await supervisor.find(thread).id)
      try await supervisor.suspend(thread)
      guard let time else { return }
      try await Task.sleep(for: time.duration)
      try await supervisor.resume(thread)
    }
  }
}

struct ResumeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Let a suspended thread go on.",
    discussion: """
      heddle resume ticker
      heddle resume ticker --benefactor /main/job
      heddle resume ticker --benefactor parent
      heddle resume crunch --for 50ms
      heddle resume crunch --until dead:db

      With --for or --until it runs a slice, and is suspended again: exits with 0 when it ended, with 1 when it was \
      suspended.
      """
  )

  @Option(name: .customLong("for"), help: ArgumentHelp("Suspend it again after so long.", valueName: "duration"))
  var time: DurationArgument?

  @Option(help: ArgumentHelp("Suspend it again when this has happened, as for sync.", valueName: "event"))
  var until: EventArgument?

  @Option(
    help: ArgumentHelp(
      "Who gives the thread its custodians, from now on as well: a thread, or a custodian that starts with a slash.",
      valueName: "thread|/custodian"
    ),
    transform: Targets.benefactor
  )
  var benefactor: Request.Benefactor?

  @OptionGroup var daemon: SocketOption

  @Argument(help: "The thread.", transform: Targets.thread)
  var thread: ThreadReference

  func validate() throws {
    if time != nil, until != nil { throw ValidationError("A slice ends by --for or by --until; leave out one.") }
  }

  func run() async throws {
    try await daemon.withSupervisor { supervisor in
      let thread = RemoteThread(try await supervisor.find(thread).id, at: supervisor)
      guard let limit = time.map({ EventArgument.Kind.timer($0.duration) }) ?? until?.kind else {
        return try await supervisor.resume(.id(thread.id), benefactor: benefactor)
      }
      let end = try await EventSources(supervisor: supervisor, loop: supervisor.loop).event(limit)
      try await supervisor.resume(.id(thread.id), benefactor: benefactor)
      let hasEnded = try await sync(thread.death.wrap { _ in true }, end.wrap { false })
      guard !hasEnded else { return }
      try await thread.suspend()
      // It may have ended meanwhile.
      if try await !thread.isDead() { throw ExitCode(ExitStatus.failed.rawValue) }
    }
  }
}
