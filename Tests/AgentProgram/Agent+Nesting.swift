import Glibc
import HeddleClient

extension Agent {
  /// `nest NAME CUSTODIAN PROGRAM`: runs a nested process, and says when it has started and what its value is. `-` is the
  /// custodian that comes by itself. The program is `sh` and a script, or `agent` and steps, between which stands `;`.
  func nest(_ words: Words) async throws {
    let words = Array(words)
    var program = words[2] == "sh" ? shell(words[3...]) : agent(words[3...])
    program.name = words[0]
    if words[1] != "-" { program.custodian = try worker.supervisor.custodian(words[1]) }
    let value = try await worker.supervisor.withNestedProcess(program) { _ in say("started") }
    say("value \(value)")
  }

  private func shell(_ script: Words) -> Program { Program("/bin/sh", "-c", script.joined(separator: " ")) }

  private func agent(_ steps: Words) -> Program {
    let steps = steps.split(separator: ";").map { $0.joined(separator: " ") }
    return Program(command: [CommandLine.arguments[0]] + steps, channel: .frames)
  }
}
