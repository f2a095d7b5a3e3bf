internal import ArgumentParser
internal import HeddleClient
internal import HeddleModel
internal import HeddleThreads
internal import HeddleWire

struct StopCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stop",
    abstract: "Ask threads to end, and end those that have not done so in time.",
    discussion: """
      heddle stop web
      heddle stop web worker --grace 30s

      Each gets a break of kind terminate (SIGTERM for a plain program), suspended ones after a resume. What is not dead \
      after the grace is killed. It is printed which was which. A thread is \(Selector.forms).
      """
  )

  @Option(help: ArgumentHelp("How long they have.", valueName: "duration"), transform: DurationArgument.parse)
  var grace = DurationArgument(.seconds(10))

  @OptionGroup var common: CommonOptions

  @Argument(help: "The threads.", completion: Targets.threadNames, transform: Selector.parse)
  var threads: [Selector]

  func run() async throws {
    let progress = Progress(isWanted: !common.json && !common.quiet)
    try await common.withSupervisor { supervisor in
      let asked = try await threads.threads(of: supervisor)
      for thread in asked where thread.state != .dead {
        try await supervisor.sendBreak(.terminate, to: .id(thread.id))
        try await supervisor.resume(.id(thread.id))
      }
      let asking = Asking(asked, for: grace.duration, over: supervisor)
      let after = try await progress.during({ asking.text }) {
        try await end(asked, asking, over: supervisor) { if !common.json, !common.quiet { progress.write($0) } }
      }
      if common.json { common.output.write(json: WireJSON.text(after), "") }
    }
  }

  /// Waits for their deaths, kills those that have not died in time, and tells of each.
  ///
  /// - Returns: the threads as they are then.
  private func end(
    _ asked: [ThreadInfo],
    _ asking: Asking,
    over supervisor: Supervisor,
    tell: (String) -> Void
  ) async throws -> [ThreadInfo] {
    let isUp = try await EventSources(supervisor: supervisor, loop: supervisor.loop).event(.timer(grace.duration))
    var after: [ThreadInfo] = []
    for info in asked {
      let thread = RemoteThread(info.id, at: supervisor)
      var word = info.state == .dead ? "dead before" : "ended"
      var isDead = try await sync(thread.death.wrap { _ in true }, isUp.wrap { false })
      // Both may be so, and then any of the two is taken.
      if !isDead { isDead = try await thread.isDead() }
      if !isDead {
        asking.timeIsUp()
        word = try await supervisor.kill(.id(info.id)) == .wasDead ? "ended" : "killed"
      }
      asking.remove(info)
      let state = try await supervisor.find(.id(info.id))
      after.append(state)
      tell(Self.line(info.label, word, state.state))
    }
    return after
  }

  /// "web  ended", "web  killed"
  private static func line(_ label: String, _ word: String, _ state: ThreadInfo.State?) -> String {
    "\(label)  \(state == .dead ? word : "suspended, as it was made with --suspend-to-kill; heddle kill --really ends it")\n"
  }
}
