internal import ArgumentParser
internal import HeddleClient
internal import HeddleWire

struct KillCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kill",
    abstract: "End a thread, with all of its processes.",
    discussion: """
      heddle kill ticker
      heddle kill ticker --no-wait
      heddle kill crunch --really

      A thread that was made with --suspend-to-kill is suspended instead, unless it is to be killed really.
      """
  )

  @Flag(help: "Do not wait for the thread's death.")
  var noWait = false

  @Flag(help: "End also a thread that was made with --suspend-to-kill.")
  var really = false

  @Flag(name: .shortAndLong, help: "Print nothing.")
  var quiet = false

  @OptionGroup var daemon: SocketOption

  @Argument(help: "The thread.", transform: Targets.thread)
  var thread: ThreadReference

  func run() async throws {
    try await daemon.withSupervisor { supervisor in
      let outcome = try await supervisor.kill(thread, wait: !noWait, really: really)
      if !quiet, let remark = Self.remark(outcome, thread) { Output.complain(remark) }
    }
  }

  /// What is worth saying of a kill that did not kill.
  static func remark(_ outcome: KillOutcome, _ thread: ThreadReference) -> String? {
    switch outcome {
    case .died, .ending: nil
    case .suspended: "\(thread) is suspended, as it was made with --suspend-to-kill; --really ends it"
    case .wasDead: "\(thread) was dead before"
    }
  }
}
