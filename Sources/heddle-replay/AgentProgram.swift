internal import ArgumentParser
internal import Foundation
internal import HeddleClient

/// `heddle-replay agent`: one agent of a trace, as the program of a supervisor's thread.
struct AgentProgram: ParsableCommand {
  /// What it is called on the command line, where nobody but the replayer looks for it.
  static let word = "agent"

  static let configuration = CommandConfiguration(commandName: "heddle-replay agent", shouldDisplay: false)

  /// Where the replayer is.
  @Option var socket: String
  /// What the trace calls the agent.
  @Option var name: String
  /// Whether it keeps breaks out at first, as the agent does that it is nested in.
  @Flag var withoutBreaks = false

  mutating func validate() throws {
    guard ThreadName(name) != nil else { throw ValidationError("\(name) is no name of \(ThreadName.noun)") }
  }

  /// What runs an agent of that name, for a replayer at `socketPath`.
  static func program(
    named name: ThreadName,
    socketPath: String,
    breaksEnabled: Bool = true
  ) -> HeddleClient.Program {
    let path = Bundle.main.executablePath ?? CommandLine.arguments[0]
    let options = ["--socket", socketPath, "--name", name.text] + (breaksEnabled ? [] : ["--without-breaks"])
    return HeddleClient.Program(command: [path, word] + options, channel: .frames)
  }

  /// Ends with the agent.
  func serve() async -> Never {
    await Worker.main { [socket, name, withoutBreaks] worker in
      guard let name = ThreadName(name) else { preconditionFailure("the name was looked at") }
      let agent = WorkerAgent(name: name, worker: worker, socketPath: socket)
      if withoutBreaks { try await agent.keepBreaksOut() }
      try await agent.connect()
      try await agent.run()
    }
  }
}
