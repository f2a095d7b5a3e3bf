internal import HeddleModel
internal import HeddleWire

/// Threads as a table for people.
struct ThreadTable {
  let threads: [ThreadInfo]
  let isUTF8: Bool
  /// With more columns; how their processes are held together.
  var wideOn: String?
  /// With the node of each in a column of its own.
  var showsNodes = false

  /// In a narrow terminal long names, custodians and commands are cut, and then the columns with the higher numbers go first:
  /// COMMAND, CONTAINMENT, ID, PID, CUSTODIAN, MAIL, AGE, LAST.
  var table: Table {
    let mail = threads.map(\.mail.messages)
    let command = threads.map { ShellWords.quoted($0.argv) }
    let names = showsNodes ? threads.map { $0.name?.text ?? "\(ThreadReference.id($0.id))" } : threads.map(\.label)
    var columns: [Table.Column] = [.init("NAME", names, cut: .middle(least: 24))]
    if showsNodes { columns.append(.init("NODE", threads.map { $0.node?.text ?? "" })) }
    if wideOn != nil { columns.append(.init("ID", threads.map { "\(ThreadReference.id($0.id))" }, dropOrder: 6)) }
    columns += [
      .init(
        "STATE",
        threads.map { StateWords.state(of: $0, isUTF8: isUTF8) },
        tones: threads.map(StateWords.tone)
      ),
      .init("AGE", threads.map(\.age.age), dropOrder: 2),
      .init("CUSTODIAN", threads.map(Self.custodians), dropOrder: 4, cut: .middle(least: 24)),
    ]
    if !mail.allSatisfy({ $0 == 0 }) { columns.append(.init("MAIL", mail.map(String.init), dropOrder: 3)) }
    if let wideOn {
      columns += [
        .init("PID", threads.map { $0.pid.map(String.init) ?? "-" }, dropOrder: 5),
        .init("CONTAINMENT", threads.map { $0.state == .dead ? "-" : wideOn }, dropOrder: 7),
      ]
    }
    columns.append(.init("LAST", threads.map(StateWords.last), dropOrder: 1))
    if wideOn != nil { columns.append(.init("COMMAND", command, dropOrder: 8, cut: .end(least: 24))) }
    return Table(isUTF8: isUTF8, columns: columns)
  }

  private static func custodians(of thread: ThreadInfo) -> String {
    thread.custodians.isEmpty ? "-" : thread.custodians.map(\.description).joined(separator: ",")
  }
}
