internal import HeddleModel
internal import HeddleWire

// Refusals about a client's own mail.

extension Sentences {
  static func notInThread(_ attempted: String) -> WireRefusal {
    WireRefusal(
      .notInThread,
      attempted: attempted,
      subject: "the thread that this process is part of",
      reason: "it is part of none: no thread's tree of processes has it",
      advice: "become one: heddle recv --as NAME"
    )
  }

  static func mailComesByItself(_ attempted: String) -> WireRefusal {
    WireRefusal(
      .badRequest,
      attempted: attempted,
      subject: "a worker on its own connection",
      reason: "its mail comes there by itself",
      advice: "read MAIL frames, and say CREDIT"
    )
  }

  static func receiverTakesTooLittle(_ bodyMax: Int) -> WireRefusal {
    WireRefusal(
      .badRequest,
      attempted: "receive",
      subject: "mail",
      reason: "this connection takes bodies of \(bodyMax) bytes, and mail has up to \(BodyLimit.usual)",
      advice: "say body_max \(BodyLimit.usual) in HELLO, or leave it out"
    )
  }

  static let tooMuchInHand = WireRefusal(
    .tooLarge,
    attempted: "receive",
    subject: "more mail",
    reason: "this connection has received so much that it has not confirmed",
    advice: "say ConfirmMail for what is done with"
  )

  static func confirmsTooMuch(_ through: UInt64, received: UInt64) -> WireRefusal {
    WireRefusal(
      .badRequest,
      attempted: "confirm",
      subject: "\(through) messages",
      reason: "this connection has received \(received)"
    )
  }

  static func notRewound(_ code: RefusalCode, _ attempted: String, _ subject: String) -> WireRefusal {
    let reason =
      code == .notALine ? "its channel is lines, and a message contains a newline" : "there is no room for so much"
    return WireRefusal(code, attempted: attempted, subject: subject, reason: reason)
  }

  static func becomesTooLate(_ name: EntityName) -> WireRefusal {
    WireRefusal(
      .badRequest,
      attempted: "make a thread \(name.text) of",
      subject: "this connection",
      reason: "it is a thread, or has asked for mail or for something that waits",
      advice: "ask for it first, and once"
    )
  }

  /// What the client of a connection that was a thread is told at its end.
  static func threadEnded(_ entity: Entity, _ cause: DeathCause, by asker: String) -> WireRefusal {
    let reason =
      switch cause {
      case .killed(let by): by.isEmpty ? "it was killed" : "it was killed by \(by)"
      case .signalled: asker.isEmpty ? "a break ended it" : "a break of \(asker) ended it"
      case .custodianShutDown(let path): "its custodian \(path) was shut down"
      case .daemonEnded: "the supervisor is ending"
      case .timedOut: "its time was up"
      case .exited, .failedToStart, .nodeLost: "it has ended"
      }
    return WireRefusal(.dead, attempted: "go on as", subject: entity.name?.text ?? "a thread", reason: reason)
  }
}
