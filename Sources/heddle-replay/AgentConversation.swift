internal import HeddleLoop
internal import HeddleThreads

/// The replayer's side of one agent's second connection, which may still be to come. Confined to the door's loop.
final class AgentConversation {
  /// The connection; nil before it has come, and when it is gone.
  private var line: LineStream?
  /// What was said before the connection came.
  private var unsent: [String] = []
  /// What the agent has reported and nobody has taken yet.
  private var reports: [Report] = []
  /// The agents nested in it that nobody has taken yet, and their threads by reference.
  private var nested: [(name: ThreadName, thread: String)] = []
  /// The probe that waits for its answer.
  private var probe: (number: Int, answer: Promise<AgentFigures>)?
  private var lastProbe = 0

  /// The agent has come.
  func begin(over line: LineStream) {
    self.line = line
    for text in unsent { line.write(text) }
    unsent = []
  }

  /// Says something to the agent; kept until it comes.
  func say(_ order: AgentOrder) {
    if let line { line.write(order.json) } else { unsent.append(order.json) }
  }

  /// Asks when it is parked. An answer to an earlier question does not count any more.
  func ask() -> Promise<AgentFigures> {
    lastProbe += 1
    let answer = Promise<AgentFigures>()
    probe = (lastProbe, answer)
    say(.probe(lastProbe))
    return answer
  }

  /// It said something.
  func hear(_ word: AgentWord) {
    switch word {
    case .hello: break
    case .report(let event): reports.append(event.report)
    case .nested(let name, let thread): nested.append((name, thread))
    case .parked(let number, let figures):
      guard let probe, probe.number == number else { return }
      self.probe = nil
      probe.answer.fulfill(figures)
    }
  }

  func takeReports() -> [Report] {
    defer { reports = [] }
    return reports
  }

  func takeNested() -> [(name: ThreadName, thread: String)] {
    defer { nested = [] }
    return nested
  }

  func close() { line?.close() }
}
