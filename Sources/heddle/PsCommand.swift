internal import ArgumentParser
internal import HeddleClient
internal import HeddleModel
internal import HeddleWire

struct PsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ps",
    abstract: "List threads.",
    discussion: """
      heddle ps
      heddle ps --all
      heddle ps ticker

      The column MAIL is there when a thread has unread mail. In a narrow terminal CUSTODIAN goes first, then MAIL, \
      AGE and LAST.
      """
  )

  @Flag(name: .shortAndLong, help: "The dead that are remembered, too.")
  var all = false

  @OptionGroup var common: CommonOptions

  @Argument(help: "One thread, dead or alive.", completion: Targets.threadNames, transform: Targets.thread)
  var thread: ThreadReference?

  func run() async throws {
    try await common.withSupervisor { supervisor in
      let threads =
        if let thread { [try await supervisor.findOrHint(thread)] } else { try await supervisor.list(includeDead: all) }
      let table = Self.table(of: threads, isUTF8: Environment.isUTF8)
      Output.write(table.lines(columnsMax: Output.columns).map { $0 + "\n" }.joined())
    }
  }

  static func table(of threads: [ThreadInfo], isUTF8: Bool) -> Table {
    let mail = threads.map(\.mail.messages)
    return Table(
      columns: [
        .init("NAME", threads.map(\.label)),
        .init("STATE", threads.map { StateWords.state(of: $0, isUTF8: isUTF8) }),
        .init("AGE", threads.map(\.age.age), dropOrder: 2),
        .init("CUSTODIAN", threads.map(custodians), dropOrder: 4),
      ] + (mail.allSatisfy { $0 == 0 } ? [] : [.init("MAIL", mail.map(String.init), dropOrder: 3)])
        + [.init("LAST", threads.map(StateWords.last), dropOrder: 1)]
    )
  }

  private static func custodians(of thread: ThreadInfo) -> String {
    thread.custodians.isEmpty ? "-" : thread.custodians.map(\.description).joined(separator: ",")
  }
}
