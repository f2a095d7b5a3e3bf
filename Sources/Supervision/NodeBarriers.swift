internal import HeddleModel
internal import HeddleWire

// The barrier: an answer when what a connection has set going was seen to have happened.

extension Node {
  /// Notes what the request that is carried out sets going.
  mutating func note(_ effect: Unobserved) {
    guard let serving else { return }
    note(effect, by: serving)
  }

  /// Notes what a connection sets going.
  mutating func note(_ effect: Unobserved, by connection: ConnectionID) {
    guard var barriers = connections[connection]?.barriers else { return }
    connections[connection]?.barriers = Barriers()
    barriers.note(effect) { isObserved($0) }
    connections[connection]?.barriers = barriers
  }

  /// - Returns: the answer to a barrier; nil when it comes later.
  mutating func awaitEffects(for inquiry: Inquiry) throws(WireRefusal) -> Reply? {
    if connections[inquiry.connection]?.barriers.isClear(isObserved: isObserved) == true { return .done }
    try requireRoom(for: inquiry, "wait for", "the effects of earlier requests")
    connections[inquiry.connection]?.barriers.add(inquiry.request)
    barred.insert(inquiry.connection)
    return nil
  }

  /// Something may have been observed: answers the barriers that waited for nothing else.
  mutating func releaseBarriers(effects: inout Effects) {
    guard !barred.isEmpty else { return }
    for connection in barred.sorted() {
      guard var barriers = connections[connection]?.barriers else { continue }
      while let request = barriers.release(isObserved: { isObserved($0) }) {
        partOfBarrier(request, on: connection, effects: &effects)
      }
      if barriers.count == 0 { barred.remove(connection) }
      connections[connection]?.barriers = barriers
    }
  }

  func isObserved(_ effect: Unobserved) -> Bool {
    switch effect {
    case .start(let thread): return entities[thread]?.body != .starting
    case .change(let thread, let generation):
      guard let life = kernel.threads[thread]?.life else { return true }
      if case .dead = life.phase { return true }
      return life.observed >= generation
    case .end(let thread):
      guard let life = kernel.threads[thread]?.life else { return true }
      if case .dead = life.phase { return true } else { return false }
    case .handover(let thread, let through):
      guard let entity = entities[thread], entity.input != .closed || entity.body == .starting else { return true }
      return kernel.threads[thread]?.life.phase != .running || entity.handedOver >= through
    }
  }
}
