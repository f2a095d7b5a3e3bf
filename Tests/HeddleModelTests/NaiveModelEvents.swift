import heddle_replay

/// A state event: a value, so that identity is equality (ST-13).
struct NaiveEvent: Equatable {
  let thread: ThreadName
  let kind: StateEventKind
  /// The number of the suspension or resumption that makes it ready; nil: none ever will. 0 for a death.
  let generation: Int?
}

extension NaiveModel {
  /// The event of that kind as the thread has it now.
  private func currentEvent(_ kind: StateEventKind, of thread: NaiveThread) -> NaiveEvent {
    let generation: Int? =
      switch (kind, thread.state) {
      case (.dead, _): 0
      case (_, .dead): nil
      case (.suspend, .running): thread.suspensions + 1
      case (.suspend, .suspended): thread.suspensions
      case (.resume, .running): thread.resumptions
      case (.resume, .suspended): thread.resumptions + 1
      }
    return NaiveEvent(thread: thread.name, kind: kind, generation: generation)
  }

  func keep(_ name: EventName, _ kind: StateEventKind, of thread: NaiveThread) throws(NameError) -> Outcome {
    try expectNew(name)
    let event = currentEvent(kind, of: thread)
    defer { events.append((name, event)) }
    guard let oldest = events.first(where: { $0.event == event }) else { return .fresh }
    return .same(oldest.name)
  }

  func hasFired(_ event: NaiveEvent) -> Bool {
    guard let thread = try? thread(event.thread), let generation = event.generation else { return false }
    switch event.kind {
    case .dead: return thread.hasEnded
    case .suspend: return thread.suspensions >= generation
    case .resume: return thread.resumptions >= generation
    }
  }

  func poll(_ pollable: Pollable) throws(NameError) -> Outcome {
    switch pollable {
    case .nack(let nack): return nacks[nack] == .ready ? .readyItself : .notReady
    case .event(let name):
      let event = try event(name)
      guard hasFired(event) else { return .notReady }
      return event.kind == .dead ? .readyItself : .ready(event.thread)
    }
  }
}
