extension AgentCommand: Decodable {
  package init(from decoder: any Decoder) throws {
    var list = try decoder.unkeyedContainer()
    let word = try list.decode(String.self)
    self = try AgentCommand(word, &list)
    try list.expectEnd()
  }

  private init(_ word: String, _ list: inout any UnkeyedDecodingContainer) throws {
    switch word {
    case "try-receive": self = .tryReceive
    case "receive": self = .receive
    case "rewind": self = .rewind(try list.decode([Int].self))
    case "breaks": self = .breaks(enabled: try list.decode(Bool.self))
    case "wait": self = .wait(try list.decode(ThreadName.self))
    case "self-suspend": self = .selfSuspend
    case "self-kill": self = .selfKill
    case "raise": self = .raise
    case "exit": self = .exit
    case "sync": self = .sync(try list.decode([Branch].self), enablingBreaks: false)
    case "sync/enable-break": self = .sync(try list.decode([Branch].self), enablingBreaks: true)
    case "nest": self = .nest(try list.decode(ThreadName.self), under: try list.decode(CustodianName.self))
    case "break-state": self = .breakState
    default: throw list.corrupted("there is no agent command \"\(word)\"")
    }
  }
}

extension Branch: Decodable {
  package init(from decoder: any Decoder) throws {
    if let word = try? decoder.singleValueContainer().decode(String.self) {
      self.init(try Source(word: word, in: decoder))
      return
    }
    var list = try decoder.unkeyedContainer()
    let word = try list.decode(String.self)
    if word == "nack" {
      let nack = try list.decode(NackName.self)
      self = try list.decode(Branch.self)
      guard self.nack == nil else { throw list.corrupted("a nack inside a nack") }
      self.nack = nack
    } else {
      self.init(try Source(word, &list))
    }
    try list.expectEnd()
  }
}

extension Branch.Source {
  /// The sources that are a single word.
  fileprivate init(word: String, in decoder: any Decoder) throws {
    switch word {
    case "mail": self = .mail
    case "receive": self = .receive
    case "always": self = .always
    case "never": self = .never
    default:
      throw DecodingError.dataCorruptedError(
        in: try decoder.singleValueContainer(),
        debugDescription: "there is no branch \"\(word)\""
      )
    }
  }

  /// The sources that are a list.
  fileprivate init(_ word: String, _ list: inout any UnkeyedDecodingContainer) throws {
    switch word {
    case "semaphore": self = .semaphore(try list.decode(SemaphoreName.self))
    case "peek": self = .peek(try list.decode(SemaphoreName.self))
    case "put": self = .put(try list.decode(ChannelName.self), try list.decode(Int.self))
    case "get": self = .get(try list.decode(ChannelName.self))
    case "event": self = .event(try list.decode(EventName.self))
    case "box": self = .box(try list.decode(CustodianName.self))
    case "alarm": self = .alarm(try list.decode(Amount.self).value)
    default: throw list.corrupted("there is no branch [\"\(word)\", ...]")
    }
  }
}

extension UnkeyedDecodingContainer {
  /// The error for a list that is no good, with the reason.
  func corrupted(_ reason: String) -> DecodingError {
    .dataCorruptedError(in: self, debugDescription: reason)
  }

  /// - Throws: when the list holds more than was taken out of it.
  func expectEnd() throws {
    guard isAtEnd else { throw corrupted("a list of \(currentIndex) items was expected here") }
  }
}
