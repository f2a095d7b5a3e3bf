internal import HeddleLoop
package import HeddleModel
package import HeddleWire

/// State events: values that can be kept, compared and waited for, as often as wanted.
extension Supervisor {
  /// The event of `kind` that the thread has now: the same until the thread's state changes.
  package func event(_ kind: StateEvent.Kind, of thread: ThreadReference) async throws(ClientError) -> StateEvent {
    let reply = try await answer(to: .event(kind, of: thread))
    guard case .stateEvent(let event) = reply else { throw unexpectedAnswer() }
    return event
  }

  /// Returns when the event has happened, at once if it has; it takes nothing from anybody.
  ///
  /// - Throws: `refused` with the code `cancelled` when the task is cancelled first: then the watch is over.
  package func watch(_ event: StateEvent) async throws(ClientError) {
    let id = WatchID(rawValue: requests.nextID().rawValue)
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { begin(event, id, for: $0) }
    } onCancel: {
      loop.perform { self.assumeIsolated { $0.giveUp(id, event) } }
    }
    try outcome.get()
  }

  private func begin(
    _ event: StateEvent,
    _ id: WatchID,
    for watcher: CheckedContinuation<OpenWatches.Outcome, Never>
  ) {
    if let failure { return watcher.resume(returning: .failure(failure)) }
    if Task.isCancelled { return watcher.resume(returning: .failure(Self.cancelled(event))) }
    watches.open(id, for: watcher)
    say { writer throws(FrameError) in try writer.watch(event, id: id) }
  }

  private func giveUp(_ id: WatchID, _ event: StateEvent) {
    guard watches.close(id, with: .failure(Self.cancelled(event))) else { return }
    say { writer throws(FrameError) in try writer.unwatch(id) }
  }

  private static func cancelled(_ event: StateEvent) -> ClientError {
    .refused(
      WireRefusal(
        .cancelled,
        attempted: "watch",
        subject: "thread id:\(event.thread)",
        reason: "its task was cancelled"
      )
    )
  }

  /// Writes a frame of a few bytes, which every supervisor takes.
  func say(_ frame: (inout FrameWriter) throws(FrameError) -> Void) {
    do throws(FrameError) {
      try write(frame)
    } catch {
      preconditionFailure("a frame without a long body fits every limit: \(error)")
    }
  }
}
