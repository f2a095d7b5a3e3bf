internal import ArgumentParser
internal import HeddleClient
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
      after the grace is killed. It is printed which was which.
      """
  )

  @Option(help: ArgumentHelp("How long they have.", valueName: "duration"))
  var grace = DurationArgument(.seconds(10))

  @Flag(name: .shortAndLong, help: "Print nothing.")
  var quiet = false

  @OptionGroup var daemon: SocketOption

  @Argument(help: ArgumentHelp("The threads.", valueName: "thread"), transform: Targets.thread)
  var threads: [ThreadReference]

  func validate() throws {
    if threads.isEmpty { throw ValidationError("Name a thread to stop.") }
  }

  func run() async throws {
    try await daemon.withSupervisor { supervisor in
      var asked: [(label: String, thread: RemoteThread)] = []
      for reference in threads {
        let info = try await supervisor.find(reference)
        let thread = RemoteThread(info.id, at: supervisor)
        try await thread.sendBreak(.terminate)
        try await thread.resume()
        asked.append((info.label, thread))
      }
      let isUp = try await EventSources(supervisor: supervisor, loop: supervisor.loop).event(.timer(grace.duration))
      for (label, thread) in asked {
        let isDead = try await sync(thread.death.wrap { _ in true }, isUp.wrap { false })
        if !isDead { try await thread.kill() }
        if !quiet { Output.write(Self.line(label, isDead ? "ended" : "killed", try await thread.status().state)) }
      }
    }
  }

  /// "web  ended", "web  killed"
  private static func line(_ label: String, _ word: String, _ state: RemoteThread.State) -> String {
    "\(label)  \(state == .dead ? word : "suspended, as it was made with --suspend-to-kill; heddle kill --really ends it")\n"
  }
}
