internal import HeddleLoop
internal import HeddleThreads
internal import Synchronization

/// One stream with what its two ports share. It is closed by whoever closes both ports, by its custodian, and when nobody
/// holds a port any more and nothing is queued.
///
/// What has come and what is to go stand under a lock each; the handle is the loop's.
final class Endpoint: CustodianManaged, CustomStringConvertible {
  let description: String
  private let loop: EventLoop
  private let stream: Confined<ByteStream>
  private let inflow: Mutex<Inflow>
  private let outflow: Mutex<Outflow>
  private let custodian = Mutex<Custodian?>(nil)

  /// An endpoint that reads ahead from now on. Called on the loop; the stream is the endpoint's, and closed when this
  /// throws.
  ///
  /// - Parameters: `reads` and `writes` say which directions the stream has; the others are closed.
  init(_ stream: ByteStream, reads: Bool = true, writes: Bool = true) throws(LoopError) {
    description = stream.name
    loop = stream.loop
    self.stream = Confined(stream)
    var inflow = Inflow(named: stream.name)
    var outflow: Outflow
    do throws(LoopError) { outflow = Outflow(try stream.lendDescriptor(), named: stream.name) } catch {
      stream.close()
      throw error
    }
    if !reads { _ = inflow.close() }
    if !writes { _ = outflow.close() }
    self.inflow = Mutex(inflow)
    self.outflow = Mutex(outflow)
    if reads { startReading() }
  }

  deinit {
    let isOpen = !isInputClosed || outflow.withLock { $0.descriptor != nil }
    if isOpen { loop.perform { [stream] in stream.handle.close() } }
    custodian.withLock { $0.take() }?.release(self)
  }

  // MARK: - The custodian

  /// Registers with the calling thread's current custodian. Closed when that is shut down already.
  func register() throws {
    let current = Custodian.current.value
    custodian.withLock { $0 = current }
    do { try current.manageAtOnce(self) } catch {
      custodianShutDown()
      throw error
    }
  }

  /// Closes it at once: the other side reads the end, and what is queued is dropped.
  func custodianShutDown() {
    custodian.withLock { $0 = nil }
    close()
  }

  private func close() {
    let kept = inflow.withLock { $0.close() } ?? []
    let output = outflow.withLock { outflow in
      let closed = outflow.close()
      // Under the lock, before the loop can close it.
      if !loop.isOnLoop { closed?.descriptor?.disconnect() }
      return closed
    }
    onLoop { $0.close() }
    keep(kept + (output?.kept ?? []))
  }

  private func onLoop(_ work: @escaping @Sendable (ByteStream) -> Void) {
    if loop.isOnLoop { work(stream.handle) } else { loop.perform { [stream] in work(stream.handle) } }
  }

  private func keep(_ promises: [Promise<Void>]) { for promise in promises { promise.fulfillInNobodysName(()) } }

  /// Closes the handle when both directions are closed. On the loop.
  private func closeIfDone() {
    guard inflow.withLock(\.isClosed), outflow.withLock({ $0.descriptor == nil }) else { return }
    stream.handle.close()
    custodian.withLock { $0.take() }?.release(self)
  }

  // MARK: - Reading

  private func startReading() {
    do throws(LoopError) {
      try stream.handle.startReading { [weak self] in
        self?.arrived($0)
      } onEnd: { [weak self] end in
        self?.ended(end)
      }
    } catch { keep(inflow.withLock { $0.end(NetworkError(error)) }) }
  }

  private func arrived(_ bytes: Span<UInt8>) {
    let (kept, pauses) = inflow.withLock { $0.append(bytes) }
    if pauses { stream.handle.stopReading() }
    keep(kept)
  }

  private func ended(_ end: ByteStream.End) {
    let error: NetworkError? =
      switch end {
      case .endOfStream: nil
      case .failed(let error): NetworkError(error)
      }
    keep(inflow.withLock { $0.end(error) })
  }

  /// What a reader's step on the inflow comes to.
  enum Step<Value> {
    case done(Value)
    case wait(Promise<Void>)
  }

  /// Takes the reader's steps until one is done. Each is taken wholly or not at all, whatever becomes of the reader.
  func read<Value: Sendable>(_ step: @Sendable (inout Inflow) throws -> Step<Value>) async throws -> Value {
    while true {
      try await LocalThread.checkpoint()
      let (result, change) = try inflow.withLock { inflow in
        let result = try step(&inflow)
        return (result, inflow.change())
      }
      perform(change)
      switch result {
      case .done(let value): return value
      case .wait(let promise): try await promise.wait()
      }
    }
  }

  /// As `read`, for a single step that never waits and throws nothing.
  func look<Value: Sendable>(_ step: @Sendable (inout Inflow) -> Value) -> Value {
    let (value, change) = inflow.withLock { (step(&$0), $0.change()) }
    perform(change)
    return value
  }

  private func perform(_ change: Inflow.Change) {
    if change.resumes { loop.perform { [self] in startReading() } }
    change.progress?.fulfillInNobodysName(())
  }

  func closeInput() {
    guard let kept = inflow.withLock({ $0.close() }) else { return }
    loop.perform { [self] in
      stream.handle.stopReading()
      closeIfDone()
    }
    keep(kept)
  }

  // MARK: - Writing

  /// Has `piece` go out after all that was written before, wholly or not at all; waits for room first.
  func write(_ piece: ArraySlice<UInt8>) async throws {
    while true {
      try await LocalThread.checkpoint()
      let taken = try outflow.withLock { outflow throws(NetworkError) in
        let taken = try outflow.write(piece.span)
        // Inside the lock, so that pieces reach the loop in order.
        if case .queued(let start) = taken { enqueue(Array(piece.dropFirst(start))) }
        return taken
      }
      guard case .none = taken else { return }
      try await wait(for: .room)
    }
  }

  private func enqueue(_ bytes: [UInt8]) {
    loop.perform { [self] in
      do throws(LoopError) {
        let written = try stream.handle.write(bytes) { error in self.written(bytes.count, error) }
        if written == .atOnce { self.written(bytes.count, nil) }
      } catch { self.written(bytes.count, error) }
    }
  }

  private func written(_ count: Int, _ error: LoopError?) {
    keep(outflow.withLock { $0.written(count, error.map { NetworkError($0) }) })
  }

  func writeAvailable(_ bytes: [UInt8]) async throws -> Int {
    try await LocalThread.checkpoint()
    return try outflow.withLock { outflow throws(NetworkError) in try outflow.writeAvailable(bytes.span) }
  }

  /// Returns when there is what a writer wants.
  func wait(for want: Outflow.Want) async throws {
    while let promise = try promise(of: want) { try await promise.wait() }
  }

  /// nil when there is what a writer wants.
  func promise(of want: Outflow.Want) throws(NetworkError) -> Promise<Void>? {
    try outflow.withLock { outflow throws(NetworkError) in try outflow.promise(of: want) }
  }

  func closeOutput() {
    let (ends, kept) = outflow.withLock { $0.end() }
    guard ends else { return }
    loop.perform { [self] in
      do throws(LoopError) { try stream.handle.shutdown { _ in self.endedOutput() } } catch { endedOutput() }
    }
    keep(kept)
  }

  /// What was queued is in the kernel, and the direction has ended. On the loop.
  private func endedOutput() {
    keep(outflow.withLock { $0.close() }?.kept ?? [])
    closeIfDone()
  }

  // MARK: - Facts

  var isInputClosed: Bool { inflow.withLock(\.isClosed) }
  var isOutputClosed: Bool { outflow.withLock(\.isClosed) }

  /// The addresses of this side and of the other; nil for what is no TCP connection, or is closed.
  var addresses: (local: SocketAddress, remote: SocketAddress)? {
    outflow.withLock { outflow in
      guard let descriptor = outflow.descriptor, let local = try? descriptor.localAddress,
        let remote = try? descriptor.remoteAddress
      else { return nil }
      return (SocketAddress(local), SocketAddress(remote))
    }
  }
}
