import HeddleModel
import HeddleWire

enum Samples {
  static let id = ThreadID(rawValue: 0x7F3A)

  static func thread(
    _ name: String?,
    state: ThreadInfo.State = .running,
    change: ThreadInfo.Change = .init(what: "started"),
    mail: Int = 0,
    cause: DeathCause? = nil
  ) -> ThreadInfo {
    ThreadInfo(
      id: id,
      name: name.flatMap { try? EntityName($0) },
      argv: [Array("sh".utf8)],
      custodians: state == .dead ? [] : [.main],
      state: state,
      age: .seconds(9),
      sinceChange: .milliseconds(300),
      lastChange: change,
      pid: 12,
      channel: .none,
      mail: .init(messages: mail, bytes: mail, bounds: .supervised),
      death: cause.map { DeathRecord(cause: $0, unreadMail: 0) }
    )
  }
}
