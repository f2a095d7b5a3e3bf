internal import Glibc
internal import HeddleLoop
internal import HeddleModel
internal import HeddleWire
internal import Supervision

/// The connections of clients: how they come, what they say, and how they go.
extension Daemon {
  func accept(_ result: Result<ByteStream, LoopError>) {
    do throws(LoopError) {
      let stream = try result.get()
      do throws(LoopError) {
        try serve(stream)
      } catch {
        stream.close()
        throw error
      }
    } catch {
      configuration.log("a connection was not accepted: \(error)")
    }
  }

  private func serve(_ stream: ByteStream) throws(LoopError) {
    let credentials = try stream.peerCredentials()
    guard credentials.uid == geteuid() || credentials.uid == 0 else {
      configuration.log("refused a connection of user \(credentials.uid)")
      return stream.close()
    }
    let origin = ProcessOrigin(of: credentials.pid, below: keeper?.pid)
    let peer = Peer(pid: credentials.pid, uid: credentials.uid, origin: origin)
    let id = node.connectionOpened(by: peer, at: Instant(nanoseconds: EventLoop.nanoseconds))
    clients[id] = Client(stream)
    do throws(LoopError) {
      try listen(to: id, stream)
    } catch {
      disconnect(id)
      throw error
    }
    arm()
  }

  func listen(to id: ConnectionID, _ stream: ByteStream) throws(LoopError) {
    try stream.startReading(
      onBytes: { [self] bytes in take(bytes, from: id) },
      onEnd: { [self] _ in hangUp(id) }
    )
  }

  /// Takes frames as long as the client reads what they are answered with; else it is not read from, until it has.
  private func take(_ chunk: Span<UInt8>, from id: ConnectionID) {
    var offset = 0
    while let client = clients[id], !client.isCongested {
      guard takeBatch(from: client, id, chunk, at: &offset) else { return }
    }
    guard let client = clients[id] else { return }
    client.keep(chunk.extracting(offset...))
    client.stream.stopReading()
  }

  /// Takes what was kept while the client did not read.
  func takeKept(from id: ConnectionID) {
    guard let kept = clients[id]?.takeKept(), !kept.isEmpty else { return }
    take(kept.span, from: id)
  }

  /// One step for all the mail that came together, so that it is written on in one piece, and for each request.
  ///
  /// - Returns: whether there may be more.
  func takeBatch(from client: Client, _ id: ConnectionID, _ chunk: Span<UInt8>, at offset: inout Int) -> Bool {
    var mayBeMore = true
    step { node, effects in
      do throws(FrameError) {
        while mayBeMore {
          if let run = client.mailRun(in: chunk, at: &offset) {
            node.received(run, in: chunk, on: id, effects: &effects)
          } else if let frame = try client.nextFrame(in: chunk, at: &offset) {
            node.received(frame, on: id, effects: &effects)
            if frame.header.kind != .mail { break }
          } else {
            mayBeMore = false
          }
        }
      } catch {
        mayBeMore = false
        node.receivedGarbage(error, on: id, effects: &effects)
      }
      node.framesEnded(on: id, effects: &effects)
      node.bytesEnded(withinFrame: mayBeMore ? nil : client.frameWithin, on: id)
    }
    return mayBeMore
  }

  /// The client has read: what it asked meanwhile is looked at.
  func goOnReading(_ id: ConnectionID) {
    tellLoad(of: id)
    guard let client = clients[id], !client.isCongested, !client.isClosing else { return }
    takeKept(from: id)
    guard let client = clients[id], !client.isCongested, !client.isClosing else { return }
    do throws(LoopError) {
      try listen(to: id, client.stream)
    } catch {
      disconnect(id)
    }
  }

  /// The client says no more, and may still read: it gets the answers to what it has said, and waits for nothing else.
  func hangUp(_ id: ConnectionID) {
    guard let client = clients[id] else { return }
    takeKept(from: id)
    if client.isWithinFrame, !client.isClosing { step { $0.receivedGarbage(.cutOff, on: id, effects: &$1) } }
    step { $0.connectionClosed(id, effects: &$1) }
    client.finish { [self] in remove(id) }
  }

  func disconnect(_ id: ConnectionID) {
    remove(id)
    step { $0.connectionClosed(id, effects: &$1) }
  }

  func remove(_ id: ConnectionID) {
    clients.removeValue(forKey: id)?.stream.close()
    endCommand(of: id)
    stopIfLeft()
  }
}
