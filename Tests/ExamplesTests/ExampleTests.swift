import TestPrograms
import Testing

@Suite("the example programs", .timeLimit(.minutes(1)))
struct ExampleTests {
  @Test("a kill-safe buffer outlives its maker's custodian, and a killed taker takes nothing")
  func boundedBuffer() async throws {
    let run = try await ExampleRun.of("bounded-buffer")
    #expect(run.ending == .exited(0) && run.errors.isEmpty, "\(run)")
    try #require(run.lines.count == 9)
    #expect(run.lines.count { $0.contains("which made the buffer, puts") } == 4)
    #expect(run.line("is full") == 4)
    #expect(run.lines[5].hasSuffix("thread 2 is dead, the buffer is suspended"))
    #expect(run.lines[6].contains("took plum and apple"))
    #expect(run.lines[7] == "the buffer is running again")
    #expect(run.lines[8].hasSuffix("left are fig, quince, pear"))
  }

  @Test("a supervisor restarts the killed and the failed, waits longer each time, and gives up at its limit")
  func supervisor() async throws {
    let run = try await ExampleRun.of("supervisor")
    #expect(run.ending == .exited(0) && run.errors.isEmpty, "\(run)")
    try #require(run.lines.count == 10)
    #expect(run.lines[0] == "supervisor: steady is dead; again in 0.01 seconds")
    #expect(run.lines[1].wholeMatch(of: /steady was thread (\d+), and is thread (?!\1)\d+ now/) != nil)
    let pauses = run.lines.filter { $0.hasPrefix("supervisor: flaky is dead") }.map { $0.split(separator: " ")[6] }
    #expect(pauses == ["0.01", "0.02", "0.04"])
    #expect(run.lines.count { $0.hasSuffix("ended: the disk is full") } == 4)
    #expect(run.lines.last?.hasSuffix("giving up after 5 deaths within 60.0 seconds; 0 of its children live") == true)
  }

  @Test("of three searches the best one for the number answers, all others are killed, and a budget ends them all")
  func budgetedSearch() async throws {
    let run = try await ExampleRun.of("budgeted-search")
    #expect(run.ending == .exited(0) && run.errors.isEmpty, "\(run)")
    let answers = run.lines.compactMap { $0.firstMatch(of: /(\w+) found (\d+) = (\d+) \* (\d+)/)?.output }
    try #require(answers.map(\.1) == ["Pollard", "Fermat"])
    for answer in answers { #expect(try product(answer.3, answer.4) == UInt64(answer.2)) }
    let ends = run.lines.map { $0.hasSuffix("was killed") ? "killed" : $0.contains(" found ") ? "found" : $0 }
      .filter { !$0.contains(" factor of ") && !$0.contains("an answer in round") }
    #expect(
      ends == ["killed", "killed", "found", "killed", "killed", "found"] + ["killed", "killed", "killed"] + [
        "  none within the budget"
      ]
    )
  }

  @Test("a pipeline gives its result, or the name of the stage that died; then no stage is left")
  func pipeline() async throws {
    let run = try await ExampleRun.of("pipeline")
    #expect(run.ending == .exited(0) && run.errors.isEmpty, "\(run)")
    try #require(run.lines.count == 7)
    #expect(run.lines[..<3] == ["Lima: 25.0 degrees", "Oslo: 10.0 degrees", "Perth: 30.0 degrees"])
    #expect(run.lines[3] == "3 stages were left, and are closed")
    #expect(run.lines[4].hasSuffix("ended: \"Lima warm\" is no reading"))
    #expect(run.lines[5...] == ["the stage \"parse\" died", "2 stages were left, and are closed"])
  }

  @Test("of three downloads one wins, and the servers of the others see that their clients hung up")
  func race() async throws {
    let run = try await ExampleRun.of("race")
    #expect(run.ending == .exited(0) && run.errors.isEmpty, "\(run)")
    let win = try #require(run.lines.firstMatch(of: /(\w+) won with 20000 bytes/)?.output)
    #expect(run.line("\(win.1): served it all") != nil)
    #expect(run.lines.count { $0.contains("its client hung up after") } == 2)
  }
}

extension [String] {
  fileprivate func firstMatch<Output>(of pattern: Regex<Output>) -> Regex<Output>.Match? {
    lazy.compactMap { $0.wholeMatch(of: pattern) }.first
  }
}

/// The product of two numbers in words; nil when they are none, or it is too large.
private func product(_ first: Substring, _ second: Substring) throws -> UInt64? {
  let (product, isTooLarge) = try #require(UInt64(first)).multipliedReportingOverflow(by: #require(UInt64(second)))
  return isTooLarge ? nil : product
}
