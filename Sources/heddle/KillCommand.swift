internal import ArgumentParser
internal import HeddleClient
internal import HeddleWire

struct KillCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kill",
    abstract: "End threads, with all of their processes.",
    discussion: """
      heddle kill ticker
      heddle kill ticker --no-wait
      heddle kill crunch --really
      heddle kill @job

      A thread that was made with --suspend-to-kill is suspended instead, unless it is to be killed really. A thread is \
      \(Selector.forms).
      """
  )

  @Flag(help: "Do not wait for their deaths.")
  var noWait = false

  @Flag(help: "End also those that were made with --suspend-to-kill.")
  var really = false

  @OptionGroup var common: CommonOptions

  @Argument(help: "The threads.", completion: Targets.threadNames, transform: Selector.parse)
  var threads: [Selector]

  func run() async throws {
    let (wait, really) = (!noWait, really)
    try await common.withSupervisor { supervisor in
      let threads = try await threads.threads(of: supervisor)
      try await Deeds(supervisor: supervisor, options: common).perform(on: threads) { thread in
        try await supervisor.kill(.id(thread.id), wait: wait, really: really)
      } remark: {
        Self.remark($1, $0.label)
      }
    }
  }

  /// What is worth saying of a kill that did not kill.
  static func remark(_ outcome: KillOutcome, _ label: String) -> String? {
    switch outcome {
    case .died, .ending: nil
    case .suspended: "\(label) is suspended, as it was made with --suspend-to-kill; --really ends it"
    case .wasDead: "\(label) was dead before"
    }
  }
}
