extension Operation {
  /// The operation that a line's object holds.
  init(from object: TraceObject) throws {
    let word = try object.decode(String.self, forKey: .operation)
    guard
      let operation = try Operation.making(word, object) ?? Operation.acting(word, object)
        ?? Operation.watching(word, object)
    else { throw object.corrupted(.operation, "there is no operation \"\(word)\"") }
    self = operation
  }

  /// The operations that make something.
  private static func making(_ word: String, _ object: TraceObject) throws -> Operation? {
    switch word {
    case "new-root": .newRoot(try object.decode(CustodianName.self, forKey: .id))
    case "make-custodian":
      .makeCustodian(
        try object.decode(CustodianName.self, forKey: .id),
        parent: try object.decode(CustodianName.self, forKey: .parent)
      )
    case "thread":
      .thread(
        try object.decode(ThreadName.self, forKey: .id),
        under: try object.decode(CustodianName.self, forKey: .custodian),
        suspendToKill: try object.decode(Bool.self, forKey: .suspendToKill)
      )
    case "semaphore":
      .semaphore(
        try object.decode(SemaphoreName.self, forKey: .id),
        count: try object.decode(Amount.self, forKey: .count).value
      )
    case "channel": .channel(try object.decode(ChannelName.self, forKey: .id))
    default: nil
    }
  }

  /// The operations that change something.
  private static func acting(_ word: String, _ object: TraceObject) throws -> Operation? {
    switch word {
    case "suspend": .suspend(try object.thread(), as: try object.caller())
    case "kill": .kill(try object.thread(), as: try object.caller())
    case "resume":
      .resume(try object.thread(), benefactor: try object.decodeNullable(Benefactor.self, forKey: .benefactor))
    case "shutdown": .shutdown(try object.decode(CustodianName.self, forKey: .shutDown))
    case "send":
      .send(
        try object.thread(),
        try object.decode(Int.self, forKey: .value),
        onFailure: try object.decode(SendFailure.self, forKey: .onFailure)
      )
    case "break":
      .breakThread(try object.thread(), try object.decodeNullable(BreakKind.self, forKey: .kind) ?? .interrupt)
    case "cmd": .command(try object.thread(), try object.decode(AgentCommand.self, forKey: .command))
    case "post": .post(try object.decode(SemaphoreName.self, forKey: .semaphore))
    case "tick": .tick(milliseconds: try object.decode(Amount.self, forKey: .milliseconds).value)
    default: nil
    }
  }

  /// The operations that only look.
  private static func watching(_ word: String, _ object: TraceObject) throws -> Operation? {
    switch word {
    case "evt":
      .event(
        try object.decode(EventName.self, forKey: .id),
        try object.decode(StateEventKind.self, forKey: .kind),
        of: try object.thread()
      )
    case "poll": .poll(try object.decode(Pollable.self, forKey: .event))
    case "managers": .managers(try object.thread())
    case "members": .members(try object.decode(CustodianName.self, forKey: .shutDown))
    default: nil
    }
  }
}

extension TraceObject {
  fileprivate func thread() throws -> ThreadName { try decode(ThreadName.self, forKey: .thread) }

  fileprivate func caller() throws -> CustodianName? { try decodeNullable(CustodianName.self, forKey: .caller) }
}

extension Benefactor: Decodable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    if let thread = ThreadName(text) {
      self = .thread(thread)
    } else if let custodian = CustodianName(text) {
      self = .custodian(custodian)
    } else {
      let reason = "\"\(text)\" names neither a thread nor a custodian"
      throw DecodingError.dataCorruptedError(in: container, debugDescription: reason)
    }
  }
}

extension Pollable: Decodable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    if let event = EventName(text) {
      self = .event(event)
    } else if let nack = NackName(text) {
      self = .nack(nack)
    } else {
      let reason = "\"\(text)\" names neither an event nor a nack"
      throw DecodingError.dataCorruptedError(in: container, debugDescription: reason)
    }
  }
}

extension BreakKind: Decodable {
  /// The words of a report; in a break's `kind` the interrupt is null.
  package var word: String {
    switch self {
    case .interrupt: "break"
    case .hangUp: "hang-up"
    case .terminate: "terminate"
    }
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let kind = BreakKind.allCases.first(where: { $0.word == text }) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "there is no break kind \"\(text)\"")
    }
    self = kind
  }
}
