internal import HeddleModel
internal import HeddleWire

/// A custodian's shutdown, line by line as it goes on.
struct ShutdownWords: Sendable {
  private let path: CustodianReference

  init(_ custodian: CustodianReference) { path = custodian }

  func lines(about notice: Notice) -> [String] {
    switch notice {
    case .threadDead(let thread, let after, let ended):
      let killed = Self.list(ended).map { "\(path)  \(thread.label)  killed: \($0)" }
      return [killed, line(thread, "dead  (custodian shutdown)", after)].compactMap { $0 }
    case .leftSuspended(let threads):
      return threads.map { "\(path)  \($0.label)  suspended  (made with --suspend-to-kill)" }
    // Of spawns, not of shutdowns.
    case .started: return []
    case .grace(.asked, let threads, let left):
      return ["\(path)  asked \(Self.counted(threads.count, "thread", "threads")) to end, within \(left.spelled)"]
    case .grace(.terminated, let threads, _):
      return ["\(path)  SIGTERM for \(threads.map(\.label).joined(separator: ", "))"]
    case .grace(.over, let threads, _):
      guard !threads.isEmpty else { return [] }
      return ["\(path)  the time is up for \(threads.map(\.label).joined(separator: ", "))"]
    case .threadEnded(let thread, let after, let death):
      return [line(thread, "dead  (\(StateWords.cause(death.cause)))", after)]
    }
  }

  /// What would be ended, line by line, by one that is only planned.
  func lines(about plan: ShutdownPlan) -> [String] {
    func line(_ words: String, _ threads: [ThreadSummary]) -> [String] {
      threads.map { "\(path)  \($0.label)  \(words)" }
    }
    let below = plan.custodians.filter { $0 != path.path }.map { "\(path)  \($0)  would be shut down with it" }
    let counts =
      "\(Self.counted(plan.ended.count, "thread", "threads")) would end, \(plan.leftSuspended.count) be suspended"
    let fate = path.path == .root ? "would end with the daemon" : "would be left suspended"
    return below + line("would end", plan.ended) + line("\(fate)  (made with --suspend-to-kill)", plan.leftSuspended)
      + line("would go on  (it has another custodian)", plan.surviving) + ["\(path)  would be shut down: \(counts)"]
      + (path.path == .root ? ["\(path)  the daemon would end with it"] : [])
  }

  /// "/main/job  build  dead  (custodian shutdown)               4 ms"
  private func line(_ thread: ThreadSummary, _ words: String, _ after: Duration) -> String {
    "\(path)  \(thread.label)  \(Self.padded(words, to: 38))\(Self.padded(after.took, to: 7, fromLeft: true))"
  }

  /// "/main/job  shut down: 1 thread, 3 processes, 0 left"
  func line(about report: ShutdownReport) -> String {
    "\(path)  shut down: \(Self.totals(of: report))\(path.path == .root ? ", and the daemon ends" : "")"
  }

  /// "1 thread, 3 processes, 0 left"
  static func totals(of report: ShutdownReport) -> String {
    let threads = counted(report.threads, "thread", "threads")
    let processes = counted(report.processes, "process", "processes")
    let left = report.leftSuspended == 0 ? "0 left" : "\(report.leftSuspended) left suspended"
    return "\(threads), \(processes), \(left)"
  }

  /// "sh 4170, sleep 4173, and sleep 4172 in a session of its own"; nil when no process was ended.
  static func list(_ ended: EndedProcesses) -> String? {
    let program = ended.program.map { ["\($0.name) \($0.pid)"] } ?? []
    let near = ended.stragglers.filter { !$0.inOtherSession }.map { "\($0.name) \($0.pid)" }
    let far = ended.stragglers.filter(\.inOtherSession).map { "\($0.name) \($0.pid) in a session of its own" }
    var items = program + near + far
    if ended.total > items.count { items.append("\(ended.total - items.count) more") }
    guard let last = items.popLast() else { return nil }
    switch items.count {
    case 0: return last
    case 1: return "\(items[0]) and \(last)"
    default: return "\(items.joined(separator: ", ")), and \(last)"
    }
  }

  private static func counted(_ count: Int, _ one: String, _ many: String) -> String {
    "\(count) \(count == 1 ? one : many)"
  }

  private static func padded(_ text: String, to width: Int, fromLeft: Bool = false) -> String {
    let blanks = String(repeating: " ", count: max(0, width - text.count))
    return fromLeft ? blanks + text : text + blanks
  }
}
