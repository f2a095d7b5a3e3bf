internal import HeddleWire

/// A daemon, in words for people.
enum DaemonWords {
  /// A line for each fact, the names of the facts in one column.
  static func lines(about status: DaemonStatus) -> String {
    let counts = status.counts
    let facts = [
      ("daemon", "\(status.pid), version \(status.version), up \(status.uptime.age)"),
      ("socket", String(decoding: status.socketPath, as: UTF8.self)),
      ("node", status.node),
      ("threads", "\(counts.livingThreads) living, \(counts.deadThreads) dead and remembered"),
      ("custodians", "\(counts.custodians)"),
      ("connections", "\(counts.connections), this one among them"),
      ("containment", status.containment),
      ("log", status.logPath.isEmpty ? "standard error" : String(decoding: status.logPath, as: UTF8.self)),
      ("leaves", status.leavesAfter.map { "when nobody has used it for \($0.spelled)" } ?? "when it is told to"),
    ]
    let width = facts.map(\.0.count).max() ?? 0
    return facts.map { "\($0)\(String(repeating: " ", count: width - $0.count))  \($1)\n" }.joined()
  }
}
