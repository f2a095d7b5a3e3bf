import HeddleClient
import HeddleThreads

extension Agent {
  /// Steps with the agent's own mail.
  func performMail(_ step: [String]) async throws {
    let words = step.dropFirst()
    switch step.first {
    case "receive": say(try await worker.receive().map { "received \(text($0))" } ?? "end of mail")
    case "try-receive": say(try await worker.tryReceive().map { "received \(text($0))" } ?? "nothing")
    case "rewind": try await worker.rewind(words.map { Array($0.utf8) })
    case "look": say(try await poll(worker.mail) == worker.mail ? "mail" : "no mail")
    case "mail":
      // Breaks are let in while it waits, whatever the setting.
      try await sync(worker.mail, enablingBreaks: true)
      say("mail")
    default:
      let limit = Duration.seconds(words.first.flatMap(Double.init) ?? 0)
      say(try await sync(worker.mail, timeout: limit) == nil ? "no mail" : "mail")
    }
  }

  private func text(_ message: [UInt8]) -> String { String(decoding: message, as: UTF8.self) }
}
