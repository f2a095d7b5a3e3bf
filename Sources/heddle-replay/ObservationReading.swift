extension Outcome {
  /// The result that a line's object holds; what it may be depends on the operation.
  init(of operation: Operation, from object: TraceObject) throws {
    switch operation {
    case .managers: self = .managers(try object.decode([CustodianName].self, forKey: .result))
    case .members: self = try Outcome(members: try object.decode([String].self, forKey: .result), object)
    case .send(_, _, .givesFalse) where (try? object.decode(Bool.self, forKey: .result)) == false: self = .sendGaveFalse
    default: self = try Outcome(word: object) ?? Outcome(pair: object)
    }
  }

  private init(members: [String], _ object: TraceObject) throws {
    let threads = members.compactMap { ThreadName($0) }
    let custodians = members.compactMap { CustodianName($0) }
    guard threads.map(\.text) + custodians.map(\.text) == members else {
      throw object.corrupted(.result, "not a list of threads and then custodians")
    }
    self = .members(threads: threads, custodians: custodians)
  }

  /// The results that are a single word; nil: it is none.
  private init?(word object: TraceObject) throws {
    guard let word = try? object.decode(String.self, forKey: .result) else { return nil }
    switch word {
    case "void": self = .void
    case "queued": self = .queued
    case "failed": self = .sendCalledThunk
    case "fresh": self = .fresh
    case "not-ready": self = .notReady
    default:
      guard let failure = FailureClass(rawValue: word) else {
        throw object.corrupted(.result, "there is no result \"\(word)\"")
      }
      self = .failure(failure)
    }
  }

  /// The results that are a word and a name.
  private init(pair object: TraceObject) throws {
    let pair = try object.decode([String].self, forKey: .result)
    if pair == ["ready", "itself"] {
      self = .readyItself
    } else if pair.count == 2, pair[0] == "ready", let thread = ThreadName(pair[1]) {
      self = .ready(thread)
    } else if pair.count == 2, pair[0] == "same", let event = EventName(pair[1]) {
      self = .same(event)
    } else {
      throw object.corrupted(.result, "there is no result \(pair)")
    }
  }
}

extension Observation.Event: Decodable {
  package init(from decoder: any Decoder) throws {
    var list = try decoder.unkeyedContainer()
    let thread = try list.decode(ThreadName.self)
    let word = try list.decode(String.self)
    self.init(thread, try Report(word, &list))
    try list.expectEnd()
  }
}

extension Report {
  fileprivate init(_ word: String, _ list: inout any UnkeyedDecodingContainer) throws {
    switch word {
    case "try-receive": self = .tryReceive(try Report.messageOrFalse(&list))
    case "receive": self = .receive(try list.decode(Int.self))
    case "rewind": self = .rewind
    case "waited": self = .waited(try list.decode(ThreadName.self))
    case "self-suspend": self = .selfSuspend
    case "self-kill": self = .selfKill
    case "break": self = .broken(try list.decode(BreakKind.self))
    case "error": self = .error(try list.decode(FailureClass.self))
    case "sync": self = .sync(index: try list.decode(Int.self), value: try list.decodeIfPresent(Int.self))
    case "nested": self = .nested(try list.decode(NestedOutcome.self))
    case "break-state": self = .breakState(enabled: try list.decode(Bool.self))
    default: throw list.corrupted("no agent reports \"\(word)\"")
    }
  }

  /// A message, or the `false` that stands for none.
  private static func messageOrFalse(_ list: inout any UnkeyedDecodingContainer) throws -> Int? {
    if let flag = try? list.decode(Bool.self) {
      guard !flag else { throw list.corrupted("a message is a number, or false when there is none") }
      return nil
    }
    return try list.decode(Int.self)
  }
}
