internal import HeddleModel
internal import HeddleWire

/// The connections on which a frame has begun and not ended, each with when that was.
struct BegunFrames: Sendable {
  private struct Begun {
    let number: UInt64
    var at: Instant
  }

  private var begun: [ConnectionID: Begun] = [:]
  /// When to look for those that take too long; may be early, nil when there are none.
  private(set) var nextLook: Instant?

  /// The last bytes from a connection ended within its frame of this number, or, if nil, with a frame.
  mutating func note(_ number: UInt64?, on id: ConnectionID, at now: Instant) {
    guard let number else {
      if begun.removeValue(forKey: id) != nil, begun.isEmpty { nextLook = nil }
      return
    }
    guard begun[id]?.number != number else { return }
    begun[id] = Begun(number: number, at: now)
    nextLook = nextLook ?? now + Limits.frame
  }

  /// The connections with a frame that should have ended by `now`, in their order.
  func late(at now: Instant) -> [ConnectionID] {
    begun.filter { $0.value.at + Limits.frame <= now }.keys.sorted()
  }

  /// All that is late was looked at: those of `pardoned` have the whole time again, and no other is left.
  mutating func restart(_ pardoned: [ConnectionID], at now: Instant) {
    begun = begun.filter { $0.value.at + Limits.frame > now || pardoned.contains($0.key) }
    for id in pardoned { begun[id]?.at = now }
    nextLook = begun.values.map { $0.at + Limits.frame }.min()
  }
}

// A frame that does not end keeps memory, and its sender waits for an answer that cannot come.

extension Node {
  /// The bytes that a client has sent so far were looked at, and end within its frame of this number; nil, with a frame.
  package mutating func bytesEnded(withinFrame number: UInt64?, on id: ConnectionID) {
    // The greeting has a time limit of its own.
    let isOpen = connections.look(id, { $0.phase }) == .open
    begunFrames.note(isOpen ? number : nil, on: id, at: now)
  }

  /// Closes the connections on which a frame took too long. A client that we have stopped ourselves is not to blame.
  mutating func refuseSlowFrames(effects: inout Effects) {
    guard let look = begunFrames.nextLook, look <= now else { return }
    let late = begunFrames.late(at: now)
    let pardoned = late.filter { connections[$0].map(standsStill) ?? false }
    begunFrames.restart(pardoned, at: now)
    for id in late where !pardoned.contains(id) { refuseConnection(id, Sentences.slowFrame, effects: &effects) }
  }

  /// Whether the client is a thread, or a part of one, that does not run.
  private func standsStill(_ client: Connection) -> Bool {
    guard let thread = client.worker?.thread ?? client.own else { return false }
    return kernel.threads[thread]?.life.phase != .running
  }
}
