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

  @Option(help: ArgumentHelp("How long they have.", valueName: "duration"))
  var grace = DurationArgument(.seconds(10))

  @OptionGroup var common: CommonOptions

  @Argument(help: "The threads.")
  var threads: [Selector]

  func run() async throws {
    try await common.withSupervisor { supervisor in
      let asked = try await threads.threads(of: supervisor)
      for thread in asked {
        try await supervisor.sendBreak(.terminate, to: .id(thread.id))
        try await supervisor.resume(.id(thread.id))
      }
      let isUp = try await EventSources(supervisor: supervisor, loop: supervisor.loop).event(.timer(grace.duration))
      var after: [ThreadInfo] = []
      for info in asked {
        let thread = RemoteThread(info.id, at: supervisor)
        let isDead = try await sync(thread.death.wrap { _ in true }, isUp.wrap { false })
        if !isDead { try await thread.kill() }
        after.append(try await supervisor.find(.id(info.id)))
        if !common.json, !common.quiet {
          Output.write(Self.line(info.label, isDead ? "ended" : "killed", after.last?.state))
        }
      }
      if common.json { common.output.write(json: WireJSON.text(after), "") }
    }
  }

  /// "web  ended", "web  killed"
  private static func line(_ label: String, _ word: String, _ state: ThreadInfo.State?) -> String {
    "\(label)  \(state == .dead ? word : "suspended, as it was made with --suspend-to-kill; heddle kill --really ends it")\n"
  }
}
