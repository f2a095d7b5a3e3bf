internal import Glibc
internal import HeddleLoop
internal import HeddleModel
internal import Supervision

/// The programs' descriptors 3, which are connections of their threads.
extension Daemon {
  /// The thread's program runs; `stream` is the other end of its descriptor 3.
  func serveWorker(_ thread: ThreadID, on stream: ByteStream) {
    let id = node.workerConnected(thread, uid: geteuid(), at: Instant(nanoseconds: EventLoop.nanoseconds))
    clients[id] = Client(stream, isHeld: node.isHeld(id))
    do throws(LoopError) {
      try listen(to: id, stream)
    } catch {
      configuration.log("thread id:\(thread) can't be heard on its descriptor 3: \(error)")
      disconnect(id)
    }
  }

  /// Writes nothing more to a worker, or all that was kept back.
  func holdFrames(_ isHeld: Bool, to id: ConnectionID) {
    guard let client = clients[id] else { return }
    guard !isHeld else { return client.hold() }
    client.release()
    client.flush { [self] in goOnReading(id) }
    // What was kept back may have been so much that it was not read from.
    goOnReading(id)
  }

  /// No process is left that could write: takes what the thread has said to the last, closes its connection, and calls
  /// `onDrained`.
  func drainWorker(_ thread: ThreadID, onDrained: @escaping () -> Void) {
    guard let id = node.connection(of: thread), let client = clients[id], !client.isClosing else { return onDrained() }
    var remaining = (try? client.stream.availableBytes()) ?? 0
    let end = { [self] in
      takeAll(from: client, id)
      disconnect(id)
      onDrained()
    }
    guard remaining > 0 else { return end() }
    do throws(LoopError) {
      try client.stream.startReading(
        onBytes: { [self] bytes in
          client.keep(bytes)
          takeAll(from: client, id)
          remaining -= bytes.count
          if remaining <= 0 { end() }
        },
        onEnd: { _ in end() }
      )
    } catch {
      end()
    }
  }

  /// Takes all frames that came, whether or not what they are answered with can be written.
  private func takeAll(from client: Client, _ id: ConnectionID) {
    let kept = client.takeKept()
    var offset = 0
    while clients[id] != nil, !client.isClosing, takeBatch(from: client, id, kept.span, at: &offset) {}
  }
}
