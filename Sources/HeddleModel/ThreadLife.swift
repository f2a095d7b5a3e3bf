/// One thread's life: what was decided of it, and what its body was seen to do.
///
/// Suspensions and resumptions alternate and are counted together: after an even generation the thread is to run, after
/// an odd one it is to stand still. The body answers late, so each order to it carries its generation, and an answer to
/// an order that was overtaken is ignored.
package struct ThreadLife: Equatable, Codable, Sendable {
  package enum Phase: Equatable, Codable, Sendable {
    /// Neither dead nor suspended; a blocked thread is running, too (SR-40).
    case running
    /// Executes nothing until it is resumed.
    case suspended
    /// Its body was told to end and has not yet: nothing revives it, and it is not dead.
    case ending
    /// It can never act again.
    case dead(BodyEnd)
  }

  package private(set) var phase: Phase = .running
  /// The number of suspensions and resumptions that were accepted.
  package private(set) var generation: UInt64 = 0
  /// All generations up to this one were seen to have happened.
  package private(set) var observed: UInt64 = 0

  package init() {}

  /// Whether the thread is neither dead nor suspended.
  var isRunning: Bool { if case .running = phase { true } else { false } }

  /// Whether the thread may still act, now or after a resume.
  package var isAlive: Bool {
    switch phase {
    case .running, .suspended: true
    case .ending, .dead: false
    }
  }

  /// Stops a running thread.
  ///
  /// - Returns: the generation of this suspension; nil when it had no effect.
  package mutating func suspend() -> UInt64? {
    guard isRunning else { return nil }
    phase = .suspended
    generation += 1
    return generation
  }

  /// Lets a suspended thread go on.
  ///
  /// - Returns: the generation of this resumption; nil when it had no effect.
  package mutating func resume() -> UInt64? {
    guard case .suspended = phase else { return nil }
    phase = .running
    generation += 1
    return generation
  }

  /// Decides that the thread ends.
  ///
  /// - Returns: whether it was alive until now.
  package mutating func end() -> Bool {
    guard isAlive else { return false }
    phase = .ending
    return true
  }

  /// The body was seen to have carried out the order of `generation`, and with it all before.
  ///
  /// - Returns: the generations that have happened by this, oldest first; empty for an answer that comes too late.
  package mutating func bodyFollowed(_ generation: UInt64) -> ClosedRange<UInt64>? {
    guard isAlive, generation == self.generation, generation > observed else { return nil }
    defer { observed = generation }
    return observed + 1...generation
  }

  /// The body is gone: the thread is dead.
  ///
  /// - Parameter end: how it went; a thread that was told to end counts as killed, however its body went.
  /// - Returns: whether it was not dead until now.
  package mutating func bodyEnded(_ end: BodyEnd) -> Bool {
    switch phase {
    case .running, .suspended: phase = .dead(end)
    case .ending: phase = .dead(.killed)
    case .dead: return false
    }
    return true
  }
}

/// How a thread's body went.
package enum BodyEnd: UInt8, Hashable, Codable, Sendable {
  /// It returned; a process exited.
  case returned
  /// It raised something that nothing caught.
  case raised
  /// It was told to end, or was ended from outside the model.
  case killed
}

// MARK: - State events

extension ThreadLife {
  /// The generation that the event of `kind` has when it is asked for now.
  package func eventGeneration(_ kind: StateEvent.Kind) -> UInt64 {
    switch (kind, phase) {
    case (.death, _): 0
    case (_, .ending), (_, .dead): StateEvent.never
    case (.suspension, .running): generation / 2 + 1
    case (.suspension, .suspended): generation / 2 + 1
    case (.resumption, .running): generation / 2
    case (.resumption, .suspended): generation / 2 + 1
    }
  }

  /// Whether the event of `kind` and `number` has happened. It stays so, also after death (ST-11, ST-17).
  package func hasHappened(_ kind: StateEvent.Kind, _ number: UInt64) -> Bool {
    switch kind {
    case .death:
      if case .dead = phase { true } else { false }
    case .suspension: number <= (observed + 1) / 2
    case .resumption: number <= observed / 2
    }
  }
}
