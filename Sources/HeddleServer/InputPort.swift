public import HeddleThreads

/// Where bytes come in: from a TCP or Unix socket, or from a pipe. Racket: an input port.
///
/// A byte goes to exactly one reader. What has come belongs to the port: a reader that waits has taken nothing, so one
/// that is killed, suspended or broken then loses nothing, and what it takes it takes whole. Up to 64 KiB are read ahead,
/// more only for a reader who asks for more at once; the rest waits in the kernel, and so the other side waits. Of several
/// readers that wait for the same, any goes first.
///
/// The port is registered with the custodian that was current where it was made, whose shutdown closes it.
public final class InputPort: Sendable {
  let endpoint: Endpoint

  init(_ endpoint: Endpoint) { self.endpoint = endpoint }

  // MARK: - Taking

  /// Takes what is there, at most `limit` bytes and at least one; waits while there is none. nil at the end of the stream.
  /// Racket: `read-bytes-avail!`.
  ///
  /// - Throws: `NetworkError`: `disconnected` when the other side is gone without an end, after what came before that;
  ///   `closed` when the port was closed here.
  public func read(upTo limit: Int = 65_536) async throws -> [UInt8]? {
    precondition(limit > 0, "a read takes at least one byte")
    return try await take(.bytes(1)) { min($0, limit) }
  }

  /// Takes exactly `count` bytes, and waits until they are all there; fewer at the end of the stream, nil if there are none.
  /// Racket: `read-bytes`.
  public func read(exactly count: Int) async throws -> [UInt8]? {
    precondition(count >= 0, "no fewer than zero bytes are read")
    guard count > 0 else { return [] }
    return try await take(.bytes(count)) { min($0, count) }
  }

  /// Takes what is there, at most `limit` bytes; none if there are none, or at the end. Never waits. Racket:
  /// `read-bytes-avail!*`.
  ///
  /// - Throws: `NetworkError` as `read(upTo:)`.
  public func readAvailable(upTo limit: Int = 65_536) async throws -> [UInt8] {
    try await endpoint.read { inflow in
      switch inflow.answer(to: .bytes(1)) {
      case .ready(let count): .done(inflow.take(min(count, limit)))
      case .end, .wait: .done([])
      case .refused(let error): throw error
      }
    }
  }

  /// Takes a line without its newline; waits until it is whole. At the end of the stream what is left is a line, and then
  /// comes nil. Racket: `read-bytes-line`.
  ///
  /// - Parameter limit: how many bytes a line may have.
  /// - Throws: `NetworkError` with `lineTooLong`; nothing was taken then, and `read(upTo:)` does. As `read(upTo:)`, too.
  public func readLine(upTo limit: Int = 65_535) async throws -> [UInt8]? {
    precondition(limit >= 0, "a line has no fewer than zero bytes")
    guard var line = try await take(.line(limit: limit), { $0 }) else { return nil }
    if line.last == UInt8(ascii: "\n") { line.removeLast() }
    return line
  }

  /// The lines until the end of the stream, each as `readLine(upTo:)` gives it.
  public var lines: Lines { Lines(port: self) }

  private func take(_ want: Inflow.Want, _ amount: @escaping @Sendable (Int) -> Int) async throws -> [UInt8]? {
    try await endpoint.read { inflow in
      switch inflow.answer(to: want) {
      case .ready(let count): .done(inflow.take(amount(count)))
      case .end: .done(nil)
      case .refused(let error): throw error
      case .wait: .wait(inflow.promise(of: want))
      }
    }
  }

  // MARK: - Looking

  /// The next `count` bytes behind the first `offset`, which all stay; waits until they are all there. Fewer at the end of
  /// the stream. Racket: `peek-bytes`.
  public func peek(_ count: Int, skipping offset: Int = 0) async throws -> [UInt8] {
    precondition(count >= 0 && offset >= 0, "what is peeked at lies ahead")
    guard count > 0 else { return [] }
    let want = Inflow.Want.bytes(offset + count)
    return try await endpoint.read { inflow in
      switch inflow.answer(to: want) {
      case .ready: .done(inflow.peek(count, from: offset))
      case .end: .done([])
      case .refused(let error): throw error
      case .wait: .wait(inflow.promise(of: want))
      }
    }
  }

  /// The taking of bytes from now on, by anybody; ready, too, when the port is closed here. Racket: `port-progress-evt`.
  public var progress: Progress { Progress(endpoint: endpoint, takings: endpoint.look { $0.takings }) }

  /// Takes the first `count` bytes, which were peeked at, unless somebody has taken bytes since `progress` was asked for.
  /// So two readers can look at the same bytes, and one gets them. Racket: `port-commit-peeked`.
  ///
  /// ```swift
  /// let progress = input.progress
  /// let word = try await input.peek(4)
  /// guard try await input.commit(word.count, unless: progress) else { continue }
  /// ```
  ///
  /// - Parameters:
  ///   - count: at most as many as are there.
  ///   - progress: of this port, asked for before the bytes were peeked at.
  /// - Returns: whether they were taken.
  public func commit(_ count: Int, unless progress: Progress) async throws -> Bool {
    precondition(progress.endpoint === endpoint, "a port commits unless there was progress on itself")
    return try await endpoint.read { inflow in
      guard inflow.takings == progress.takings, !inflow.isClosed else { return .done(false) }
      precondition((0...inflow.count).contains(count), "what is committed was peeked at")
      _ = inflow.take(count)
      return .done(true)
    }
  }

  // MARK: - Waiting

  /// Ready when a read would not wait: bytes are there, or the stream has ended, failed or was closed. It takes nothing, and
  /// another reader may be first. Racket: an input port as an event.
  public var readable: AnyEvent<Void> { readiness(.bytes(1)) }

  /// Ready when `readLine(upTo:)` would not wait, as `readable`.
  public func lineReadable(upTo limit: Int = 65_535) -> AnyEvent<Void> { readiness(.line(limit: limit)) }

  private func readiness(_ want: Inflow.Want) -> AnyEvent<Void> {
    guarded { [endpoint] in
      let promise = endpoint.look { inflow -> Promise<Void>? in
        if case .wait = inflow.answer(to: want) { inflow.promise(of: want) } else { nil }
      }
      return promise?.erased ?? always(())
    }
  }

  // MARK: - End

  /// Takes no more; what has come and was not taken is dropped. When both directions are closed, the connection is. No
  /// effect the second time. Racket: `close-input-port`.
  public func close() { endpoint.closeInput() }

  /// Whether it was closed here.
  public var isClosed: Bool { endpoint.isInputClosed }

  /// The addresses of this side and of the other side of a TCP connection; nil for anything else, and when the connection
  /// is closed. Racket: `tcp-addresses`.
  public var addresses: (local: SocketAddress, remote: SocketAddress)? { endpoint.addresses }
}

/// The lines of a port, one after the other.
public struct Lines: AsyncSequence, Sendable {
  let port: InputPort

  public func makeAsyncIterator() -> Iterator { Iterator(port: port) }

  /// What goes through them.
  public struct Iterator: AsyncIteratorProtocol {
    let port: InputPort

    /// The next line without its newline; nil at the end of the stream. Throws as `InputPort.readLine(upTo:)`.
    public mutating func next() async throws -> [UInt8]? { try await port.readLine() }
  }
}

/// The taking of bytes from a port since a moment. As an event it is ready from then on. Racket: a progress event.
public struct Progress: Event {
  let endpoint: Endpoint
  let takings: UInt64

  public var erased: AnyEvent<Void> {
    guarded { [self] in
      endpoint.look { $0.promiseOfProgress(since: takings) }?.erased ?? always(())
    }
  }
}
