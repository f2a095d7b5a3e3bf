package import HeddleWire

/// Puts what goes to another node one behind the other, with whom it concerns wherever that changes.
package struct LinkWriter: Sendable {
  private enum Subject: Equatable {
    case link
    /// It is from a client of this node.
    case client(UInt64)
    /// It is for a client of the other node.
    case answer(UInt64)
  }

  private var writer = FrameWriter()
  private var subject = Subject.link

  package init() {}

  /// What was not taken yet, in bytes.
  package var count: Int { writer.bytes.count }

  package mutating func take() -> [UInt8] { writer.take() }

  /// Appends a frame.
  ///
  /// - Parameter client: the client of the other node that it is for; nil if it says itself whom it concerns.
  /// - Throws: why the other end would not take it. Nothing but its subject is appended then.
  package mutating func append(_ outgoing: Outgoing, for client: UInt64?) throws(FrameError) {
    if let client {
      try turn(to: .answer(client))
      return try writer.write(outgoing)
    }
    switch outgoing {
    case .fromClient(let number, let frames):
      try turn(to: .client(number))
      writer.append(frames: frames)
    case .refusal(_, nil), .coordinator:
      try turn(to: .link)
      try writer.write(outgoing)
    case .linkProof(_, let bodyMax), .linkOpen(let bodyMax):
      try writer.write(outgoing)
      writer.bodyMax = bodyMax
    default: try writer.write(outgoing)
    }
  }

  private mutating func turn(to subject: Subject) throws(FrameError) {
    guard subject != self.subject else { return }
    switch subject {
    case .link: try writer.answer(to: 0)
    case .client(let number): try writer.client(number)
    case .answer(let number): try writer.answer(to: number)
    }
    self.subject = subject
  }
}

extension Outgoing {
  /// The longest body that the connection's other end may send from now on; nil if this changes nothing about it.
  package var bodyMaxFromNowOn: Int? {
    switch self {
    case .linkProof(_, let bodyMax), .linkOpen(let bodyMax): bodyMax
    default: nil
    }
  }
}

extension FrameWriter {
  /// Appends what is to be sent, as one frame or more.
  package mutating func write(_ outgoing: Outgoing) throws(FrameError) {
    switch outgoing {
    case .welcome(let welcome): try self.welcome(welcome)
    case .reply(let reply, let request): try self.reply(reply, to: request)
    case .refusal(let refusal, let request): try self.refusal(refusal, of: request)
    case .notice(let notice, let request): try self.notice(notice, of: request)
    case .ack(let ack): try self.ack(ack)
    case .ackOf(let node, let ack): try self.ack(ack, of: node)
    case .room(let thread): try room(for: thread)
    case .fired(let watch): try fired(watch)
    case .attached(let attached, let stream): try self.attached(attached, id: stream)
    case .data(let bytes, let stream): try data(bytes.span, of: stream)
    case .end(let stream): try end(of: stream)
    case .close(let stream): try close(stream)
    case .taken(let taken, let stream): try self.taken(taken, of: stream)
    case .mail(let frames): append(frames: frames)
    case .break(let kind, let thread): try self.break(kind, of: thread)
    case .mailEnd(let thread): try mailEnd(of: thread)
    case .mark(let mark): try self.mark(mark)
    case .linkHello(let hello): try linkHello(hello)
    case .linkChallenge(let code, let hello): try linkChallenge(code, hello)
    case .linkProof(let code, _): try linkProof(code)
    case .linkOpen: try linkOpen()
    case .ping: try ping()
    case .pong: try pong()
    case .clientOpen(let client, let number): try clientOpen(client, number: number)
    case .clientClose(let number): try clientClose(number)
    case .fromClient(_, let frames): append(frames: frames)
    case .coordinator(let kind, let id, let body): try coordinator(kind, id: id, body)
    }
  }
}
