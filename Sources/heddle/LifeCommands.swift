internal import ArgumentParser
internal import HeddleClient
internal import HeddleThreads
internal import HeddleWire

struct SuspendCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "suspend",
    abstract: "Stop threads, with all of their processes, until they are resumed.",
    discussion: """
      heddle suspend ticker
      heddle suspend id:7f3a 'web.*'
      heddle suspend ticker --for 10s

      A thread is \(Selector.forms).
      """
  )

  @Option(
    name: .customLong("for"),
    help: ArgumentHelp("Resume them after so long.", valueName: "duration"),
    transform: DurationArgument.parse
  )
  var time: DurationArgument?

  @OptionGroup var common: CommonOptions

  @Argument(help: "The threads.", completion: Targets.threadNames, transform: Selector.parse)
  var threads: [Selector]

  func run() async throws {
    let (time, limit) = (time, common.timeout?.duration)
    // A time that is up ends the wait for the resumption, which comes all the same.
    let patience = time == nil ? common.withSupervisor : { try await common.place.withSupervisor(nil, $0) }
    try await patience { supervisor in
      let threads = try await threads.threads(of: supervisor)
      try await Deeds(supervisor: supervisor, options: common).perform(on: threads) { thread in
        try await supervisor.suspend(.id(thread.id))
        guard let time else { return }
        let sources = EventSources(supervisor: supervisor, loop: supervisor.loop)
        let ended = try await sources.first(of: .timer(time.duration), within: limit)
        // Whoever stops heddle meant to stop the waiting, not to leave the thread as it is.
        try await supervisor.resume(.id(thread.id))
        if let ended { throw ExitCode(ended.rawValue) }
      }
    }
  }
}

struct ResumeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Let suspended threads go on.",
    discussion: """
      heddle resume ticker
      heddle resume ticker --benefactor /main/job
      heddle resume ticker --benefactor parent
      heddle resume crunch --for 50ms
      heddle resume crunch --until dead:db

      With --for or --until one thread runs a slice, and is suspended again: exits with 0 when it ended, with 1 when it \
      was suspended. It is suspended also when heddle is interrupted meanwhile, or when the time of --timeout is up, which is \
      124. A thread is \(Selector.forms).
      """
  )

  @Option(
    name: .customLong("for"),
    help: ArgumentHelp("Suspend it again after so long.", valueName: "duration"),
    transform: DurationArgument.parse
  )
  var time: DurationArgument?

  @Option(
    help: ArgumentHelp("Suspend it again when this has happened, as for sync.", valueName: "event"),
    completion: Targets.eventNames,
    transform: EventArgument.parse
  )
  var until: EventArgument?

  @Option(
    help: ArgumentHelp(
      "Who gives the threads their custodians, from now on as well: a thread, or a custodian that starts with a slash.",
      valueName: "thread|/custodian"
    ),
    completion: Targets.threadNames,
    transform: Targets.benefactor
  )
  var benefactor: BenefactorArgument?

  @OptionGroup var common: CommonOptions

  @Argument(help: "The threads.", completion: Targets.threadNames, transform: Selector.parse)
  var threads: [Selector]

  func validate() throws {
    if time != nil, until != nil { throw ValidationError("A slice ends by --for or by --until; leave out one.") }
  }

  func run() async throws {
    let end = time.map { EventArgument.Kind.timer($0.duration) } ?? until?.kind
    guard let end else { return try await common.withSupervisor { try await resume(over: $0) } }
    // A slice ends by being suspended, also when the time is up.
    try await common.place.withSupervisor { supervisor in
      try await runSlice(of: threads.threads(of: supervisor), until: end, over: supervisor)
    }
  }

  private func resume(over supervisor: Supervisor) async throws {
    let (threads, benefactor) = (try await threads.threads(of: supervisor), benefactor)
    try await Deeds(supervisor: supervisor, options: common).perform(on: threads) { thread in
      try await supervisor.resume(.id(thread.id), benefactor: benefactor?.benefactor, on: benefactor?.node)
    }
  }

  private func runSlice(of threads: [ThreadInfo], until kind: EventArgument.Kind, over supervisor: Supervisor)
    async throws
  {
    guard threads.count == 1 else {
      throw Failure(.usage, "cannot run a slice of \(threads.count) threads: the exit status tells of one; name one")
    }
    let thread = RemoteThread(threads[0].id, at: supervisor)
    let sources = EventSources(supervisor: supervisor, loop: supervisor.loop)
    let (end, ending) = (try await sources.event(kind), try await sources.ending(within: common.timeout?.duration))
    try await supervisor.resume(.id(thread.id), benefactor: benefactor?.benefactor, on: benefactor?.node)
    let cut = try await sync(thread.death.wrap { _ in nil }, end.wrap { nil }, ending)
    // No effect on one that has ended.
    try await thread.suspend()
    let after = try await supervisor.find(.id(thread.id))
    if common.json { common.output.write(json: WireJSON.text([after]), "") }
    if let cut { throw ExitCode(cut.rawValue) }
    if after.state != .dead { throw ExitCode(ExitStatus.failed.rawValue) }
  }
}
