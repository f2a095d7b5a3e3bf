internal import HeddleClient

/// What the names in a command stand for, to an agent that is a process.
struct AgentMeanings: Sendable {
  private let texts: [String: String]
  private let supervisor: Supervisor

  init(_ texts: [String: String], at supervisor: Supervisor) {
    self.texts = texts
    self.supervisor = supervisor
  }

  func thread(_ name: ThreadName) throws -> RemoteThread {
    try supervisor.thread(referredToBy: text(name.text))
  }

  func custodian(_ name: CustodianName) throws -> RemoteCustodian { try supervisor.custodian(text(name.text)) }

  func event(_ name: EventName) throws -> RemoteStateEvent {
    guard let event = RemoteStateEvent(text: try text(name.text), at: supervisor) else {
      throw NameError.unknown(name.text)
    }
    return event
  }

  private func text(_ name: String) throws -> String {
    guard let text = texts[name] else { throw NameError.unknown(name) }
    return text
  }
}
