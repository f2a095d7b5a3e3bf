internal import HeddleLoop
package import HeddleModel
package import HeddleWire

/// One of a thread's streams of bytes, attached to.
package struct RemoteStream: Sendable {
  private let supervisor: Supervisor
  private let id: StreamID
  package let thread: ThreadID

  init(_ id: StreamID, of thread: ThreadID, over supervisor: Supervisor) {
    self.id = id
    self.thread = thread
    self.supervisor = supervisor
  }

  /// The next bytes that the program wrote; nil when the thread is dead and all was read, or the stream is closed.
  ///
  /// What is not read holds up the stream after 256 KiB, and neither the connection nor, unless that was asked for, the
  /// program. One task reads at a time.
  package func read() async throws(ClientError) -> StreamChunk? { try await supervisor.read(id) }

  /// Sends bytes to the program; returns when all of them are on their way, of which 256 KiB can be ahead of the program.
  ///
  /// - Throws: `refused` with the code `noStream` when the program takes no more.
  package func write(_ bytes: [UInt8]) async throws(ClientError) { try await supervisor.write(bytes, to: id) }

  /// Ends the program's standard input; returns when the program's pipe has taken all that was written, and is closed.
  package func end() async throws(ClientError) { try await supervisor.end(id) }

  /// Gives the stream up; the program's standard input stays open.
  package func close() async { await supervisor.close(id) }
}

/// Streams of bytes.
extension Supervisor {
  /// Attaches to one of a thread's streams.
  ///
  /// - Parameters:
  ///   - offset: of the log, the first byte that is wanted; nil is what comes from now on.
  ///   - holdsProgram: whether a program that writes faster than is read comes to wait, rather than that bytes are lost.
  package func attach(
    to stream: ThreadStream,
    of thread: ThreadReference,
    from offset: UInt64? = nil,
    holdsProgram: Bool = false
  ) async throws(ClientError) -> RemoteStream {
    let id = nextStreamID()
    let wish = Attach(stream, of: .thread(thread), from: offset, holdsProgram: holdsProgram)
    let attached = try await open(wish, id)
    return RemoteStream(id, of: attached.thread, over: self)
  }

  /// Makes a thread, and attaches to streams of it before its program writes anything.
  ///
  /// - Returns: the thread, and its streams in the order in which they were asked for. One that it does not have, such as
  ///   the standard input of a program without a pipe there, is over from the beginning.
  package func spawn(
    _ spawn: Spawn,
    on node: EntityName? = nil,
    attachedTo streams: [ThreadStream],
    holdsProgram: Bool = false
  ) async throws(ClientError) -> (thread: ThreadInfo, streams: [RemoteStream]) {
    let wishes = streams.map { (stream: $0, id: nextStreamID()) }
    do throws(ClientError) {
      let reply = try await answer(
        to: .spawn(spawn),
        on: node,
        onBegun: { request in
          for wish in wishes {
            self.open(Attach(wish.stream, of: .spawn(request), holdsProgram: holdsProgram), wish.id, for: nil)
          }
        }
      )
      guard case .spawned(let thread) = reply else { throw unexpectedAnswer() }
      return (thread, wishes.map { RemoteStream($0.id, of: thread.id, over: self) })
    } catch {
      for wish in wishes { close(wish.id) }
      throw error
    }
  }
}

// MARK: - What a stream asks for

extension Supervisor {
  fileprivate func read(_ id: StreamID) async throws(ClientError) -> StreamChunk? {
    let chunk = await withTaskCancellationHandler {
      await withCheckedContinuation { (task: CheckedContinuation<OpenStreams.Read, Never>) in
        if Task.isCancelled { return task.resume(returning: .failure(Self.readingCancelled)) }
        obey(streams.read(id, for: task))
      }
    } onCancel: {
      loop.perform { self.assumeIsolated { $0.streams.stopReading(id, with: Self.readingCancelled) } }
    }
    return try chunk.get()
  }

  fileprivate func write(_ bytes: [UInt8], to id: StreamID) async throws(ClientError) {
    if let failure { throw failure }
    try await withCheckedContinuation { obey(streams.write(bytes, to: id, for: $0)) }.get()
  }

  fileprivate func end(_ id: StreamID) async throws(ClientError) {
    if let failure { throw failure }
    try await withCheckedContinuation { obey(streams.end(id, for: $0)) }.get()
  }

  fileprivate func close(_ id: StreamID) { obey(streams.close(id)) }

  private func nextStreamID() -> StreamID { StreamID(rawValue: requests.nextID().rawValue) }

  private func open(_ wish: Attach, _ id: StreamID) async throws(ClientError) -> Attached {
    if let failure { throw failure }
    if case .thread(let thread) = wish.target, let failure = strangerFailure(thread.node) { throw failure }
    return try await withCheckedContinuation { open(wish, id, for: $0) }.get()
  }

  private func open(_ wish: Attach, _ id: StreamID, for opener: CheckedContinuation<OpenStreams.Opened, Never>?) {
    streams.open(id, for: opener)
    say { writer throws(FrameError) in try writer.attach(wish, id: id) }
  }

  /// Writes what the streams say is to be written.
  func obey(_ orders: [OpenStreams.Order]) {
    for order in orders where failure == nil {
      say { writer throws(FrameError) in
        switch order {
        case .data(let bytes, let id): try writer.data(bytes.span, of: id)
        case .end(let id): try writer.end(of: id)
        case .close(let id): try writer.close(id)
        case .taken(let taken, let id): try writer.taken(taken, of: id)
        }
      }
    }
  }

  private static let readingCancelled = ClientError.refused(
    WireRefusal(.cancelled, attempted: "read", subject: "a stream", reason: "its task was cancelled")
  )
}
