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
      await withCheckedContinuation { (watcher: CheckedContinuation<OpenWatches.Outcome, Never>) in
        begin(event, id) { watcher.resume(returning: $0) }
        if Task.isCancelled { giveUp(id) }
      }
    } onCancel: {
      loop.perform { self.assumeIsolated { $0.giveUp(id) } }
    }
    try outcome.get()
  }

  /// Has `onOutcome` called, once and on the loop, when the event has happened or cannot be watched any more.
  ///
  /// - Returns: what ends the watch, and then `onOutcome` is told `cancelled`.
  func open(_ event: StateEvent, onOutcome: @escaping @Sendable (OpenWatches.Outcome) -> Void) -> WatchID {
    let id = WatchID(rawValue: requests.nextID().rawValue)
    begin(event, id, onOutcome)
    return id
  }

  /// Returns when the supervisor has looked at the event that is watched: if it had happened, that was told.
  func look(at event: StateEvent, watchedAs id: WatchID) async {
    // Requests take effect in their order, so whatever a later one is answered, the watch was answered before.
    if watches.isOpen(id) { _ = try? await answer(to: .find(.id(event.thread))) }
  }

  private func begin(
    _ event: StateEvent,
    _ id: WatchID,
    _ onOutcome: @escaping @Sendable (OpenWatches.Outcome) -> Void
  ) {
    if let failure { return onOutcome(.failure(failure)) }
    watches.open(id, for: onOutcome)
    say { writer throws(FrameError) in try writer.watch(event, id: id) }
  }

  /// Ends a watch; no effect on one that is over.
  func giveUp(_ id: WatchID) {
    guard watches.close(id, with: .failure(.refused(.cancelled, "watch", "a thread", "its task was cancelled"))) else {
      return
    }
    say { writer throws(FrameError) in try writer.unwatch(id) }
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
