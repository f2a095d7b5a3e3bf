internal import HeddleLoop
internal import HeddleModel
internal import HeddleWire

/// What the supervisor says, frame by frame.
extension Supervisor {
  func receive(_ chunk: Span<UInt8>) {
    var offset = 0
    do throws(FrameError) {
      while true {
        if let channel, let mail = reader.mailRun(in: chunk, at: &offset) {
          channel.take(MailBundle(copying: mail, before: mail.end, in: chunk))
        } else if let frame = try reader.next(in: chunk, at: &offset) {
          handle(frame)
        } else {
          return
        }
        // A frame may have ended the connection; what follows it is not ours to hear.
        if isEnded { return }
      }
    } catch {
      broken(error.description)
    }
  }

  private func handle(_ frame: Frame) {
    do {
      try obey(frame)
    } catch {
      broken("\(error)")
    }
  }

  /// - Throws: a sentence about what makes no sense in the frame.
  private func obey(_ frame: Frame) throws {
    let request = RequestID(rawValue: frame.header.id)
    switch frame.header.kind {
    case .welcome: welcomed(try Welcome(decoding: frame.body))
    case .reply:
      let reply = try Reply(decoding: frame.body)
      if case .received(let count, _) = reply { try arrivals.close(request, count) }
      try check(requests.close(request, with: .success(reply)), frame)
    case .refusal where frame.header.id == 0: refused(try WireRefusal(decoding: frame.body))
    case .refusal:
      let refusal = try WireRefusal(decoding: frame.body)
      try check(close(frame.header.id, with: .refused(refusal)), frame)
    case .notice: try check(requests.notify(request, of: Notice(decoding: frame.body)), frame)
    case .ack: post(try outboxes[NodeSlot(ofFrame: frame.header.id)].receive(Ack(decoding: frame.body)))
    case .room:
      let receiver = ThreadID(rawValue: frame.header.id)
      post(outboxes[receiver].receiveRoom(for: receiver))
    case .fired, .attach, .data, .end, .close, .taken: try obeyStream(frame)
    case .mail where channel == nil: try arrivals.add(frame.body)
    case .mail, .break, .mailEnd, .mark:
      guard let channel else { throw UnaskedFrame(kind: frame.header.kind, id: nil) }
      if let kind = try channel.obey(frame) { giveBack(kind, as: ThreadID(rawValue: frame.header.id)) }
    case .hello, .request, .watch, .unwatch, .credit, .linkHello, .linkChallenge, .linkProof, .linkOpen, .ping, .pong,
      .clientOpen, .client, .clientClose, .answer, .coordinatorRequest, .coordinatorAnswer, .coordinatorNews:
      throw UnaskedFrame(kind: frame.header.kind, id: nil)
    }
  }

  /// A break for this worker is another's: the supervisor knows whose, while a nested call goes on and after the end.
  private func giveBack(_ kind: BreakKind, as worker: ThreadID) {
    if channel?.isLeaving == true {
      say { writer throws(FrameError) in try writer.break(kind, of: worker) }
    } else {
      _ = ask(.sendBreak(.id(worker), kind)) { _ in }
    }
  }

  /// What concerns a watch or a stream. One that is over may have crossed with its end.
  private func obeyStream(_ frame: Frame) throws {
    guard requests.wasGiven(frame.header.id) else { throw UnaskedFrame(kind: frame.header.kind, id: frame.header.id) }
    let stream = StreamID(rawValue: frame.header.id)
    switch frame.header.kind {
    case .fired: _ = watches.close(WatchID(rawValue: frame.header.id), with: .success(()))
    case .attach: streams.receive(try Attached(decoding: frame.body), stream)
    case .data: obey(try streams.receive(frame.body, stream))
    case .taken: obey(try streams.receive(Taken(decoding: frame.body), stream))
    default: streams.receiveLast(stream)
    }
  }

  /// Refuses whatever has this number. Whether anything had it: what we gave up may have crossed with its refusal.
  private func close(_ number: UInt64, with error: ClientError) -> Bool {
    requests.close(RequestID(rawValue: number), with: .failure(error))
      || watches.close(WatchID(rawValue: number), with: .failure(error))
      || streams.refuse(StreamID(rawValue: number), with: error) || requests.wasGiven(number)
  }

  private func check(_ wasOpen: Bool, _ frame: Frame) throws(UnaskedFrame) {
    guard wasOpen else { throw UnaskedFrame(kind: frame.header.kind, id: frame.header.id) }
  }
}

/// A frame that nothing had asked for.
private struct UnaskedFrame: Error, CustomStringConvertible {
  let kind: FrameKind
  /// The request that it is about, which is not open; nil if the kind is a client's to send.
  let id: UInt64?

  var description: String {
    if let id {
      "it sent a \(kind) for request \(id), which is not open"
    } else {
      "it sent a \(kind), which is not for this client"
    }
  }
}
