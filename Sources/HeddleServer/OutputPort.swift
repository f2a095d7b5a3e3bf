public import HeddleThreads

/// What holds back output may have to be told to let it go.
///
/// `runServer` flushes what a connection has written when the connection's body ends.
public protocol FlushingPort: Sendable {
  /// Returns when all that was written is on its way.
  func flush() async throws
}

/// Where bytes go out: to a TCP or Unix socket, or to a pipe. Racket: an output port.
///
/// Bytes go in the order of the writes. A piece of up to 64 KiB goes wholly or not at all, with nothing of others in it,
/// whatever becomes of who writes it. What the kernel does not take at once is held by the port, less than 128 KiB of it;
/// then writers wait.
///
/// The port is registered with the custodian that was current where it was made, whose shutdown closes it and drops what
/// it holds.
public final class OutputPort: FlushingPort {
  let endpoint: Endpoint

  init(_ endpoint: Endpoint) { self.endpoint = endpoint }

  /// Has `bytes` go out; waits for room while the port holds 64 KiB or more. More than 64 KiB go in pieces of that, of which
  /// each waits in its turn, and others may come between. Racket: `write-bytes`.
  ///
  /// - Throws: `NetworkError`: `disconnected` when the other side takes no more, `closed` when the port was closed here. The
  ///   piece that waited was not taken then, nor when a break, a kill or a cancellation ends the wait.
  public func write(_ bytes: [UInt8]) async throws {
    var rest = bytes[...]
    repeat {
      let piece = rest.prefix(Outflow.mark)
      try await endpoint.write(piece)
      rest = rest.dropFirst(piece.count)
    } while !rest.isEmpty
  }

  /// Has `text` go out as UTF-8; as `write(_:)` of bytes.
  public func write(_ text: String) async throws { try await write(Array(text.utf8)) }

  /// Gives the kernel what it takes of `bytes` at once; never waits. Racket: `write-bytes-avail*`.
  ///
  /// - Returns: how many of them are gone; 0 while the kernel has no room, or the port still holds earlier ones.
  /// - Throws: `NetworkError` as `write(_:)`.
  public func writeAvailable(_ bytes: [UInt8]) async throws -> Int { try await endpoint.writeAvailable(bytes) }

  /// Returns when the kernel has all that was written. Racket: `flush-output`.
  ///
  /// - Throws: `NetworkError` when it never will: `disconnected`, or `closed`. An ordinary `close()` drops nothing.
  public func flush() async throws {
    try await LocalThread.checkpoint()
    try await endpoint.wait(for: .nothingQueued)
  }

  /// Ready when a `write(_:)` would not wait: there is room, or an error to be thrown. It takes no room, and another writer
  /// may be first. Racket: an output port as an event.
  public var writable: AnyEvent<Void> {
    guarded { [endpoint] in
      // Whatever stands against it, the write will say.
      (try? endpoint.promise(of: .room))?.erased ?? always(())
    }
  }

  /// Takes no more. What was written still goes, and then the other side reads the end of the stream; `flush()` waits for
  /// that. When both directions are closed, the connection is. No effect the second time. Racket: `close-output-port`.
  public func close() { endpoint.closeOutput() }

  /// Whether it was closed here.
  public var isClosed: Bool { endpoint.isOutputClosed }
}
