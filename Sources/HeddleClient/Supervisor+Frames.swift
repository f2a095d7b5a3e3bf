internal import HeddleLoop
internal import HeddleModel
internal import HeddleWire

/// What the supervisor says, frame by frame.
extension Supervisor {
  func receive(_ chunk: Span<UInt8>) {
    var offset = 0
    do throws(FrameError) {
      while let frame = try reader.next(in: chunk, at: &offset) {
        handle(frame)
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
    case .reply: try check(requests.close(request, with: .success(Reply(decoding: frame.body))), frame)
    case .refusal where frame.header.id == 0: refused(try WireRefusal(decoding: frame.body))
    case .refusal:
      let refusal = try WireRefusal(decoding: frame.body)
      try check(requests.close(request, with: .failure(.refused(refusal))), frame)
    case .notice: try check(requests.notify(request, of: Notice(decoding: frame.body)), frame)
    case .ack: post(try outbox.receive(Ack(decoding: frame.body)))
    case .room: post(outbox.receiveRoom(for: ThreadID(rawValue: frame.header.id)))
    case .hello, .request, .mail: throw UnaskedFrame(kind: frame.header.kind, id: nil)
    }
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
      "it sent a \(kind), which clients send"
    }
  }
}
