import HeddleClient
import HeddleThreads

extension Agent {
  /// Steps with threads, this one and others, and with custodians.
  func performControl(_ step: [String]) async throws {
    let words = Array(step.dropFirst())
    guard let verb = step.first, let subject = words.first else { throw Unknown(step: step) }
    switch verb {
    case "name-yourself": say(worker.thread.reference)
    case "make": _ = try await worker.supervisor.spawn(sleeper(named: subject))
    case "suspend": try await thread(subject).suspend()
    case "kill": try await thread(subject).kill()
    case "break": try await thread(subject).sendBreak(BreakKind(rawValue: words[1]) ?? .interrupt)
    case "post": try await thread(subject).post(words[1].utf8)
    case "wait":
      try await thread(subject).wait()
      say("dead")
    case "wait-or-mail": say(try await sync(thread(subject).wrap { _ in "dead" }, worker.mail.wrap { _ in "mail" }))
    case "suspend-and-look":
      let (thread, suspension) = (try await thread(subject), try await thread(subject).suspension())
      try await thread.suspend()
      say(try await poll(suspension) == thread ? "suspended before" : "not suspended")
    case "shut-down": try await worker.supervisor.custodian(subject).shutDown()
    default: throw Unknown(step: step)
    }
  }

  /// The thread of this name.
  private func thread(_ name: String) async throws -> RemoteThread {
    if name == "self" { return worker.thread }
    return try await worker.supervisor.thread(named: name)
  }

  private func sleeper(named name: String) -> Program {
    var program = Program("/bin/sleep", "1000")
    program.name = name
    return program
  }

  private struct Unknown: Error { let step: [String] }
}
