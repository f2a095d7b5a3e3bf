internal import HeddleModel
internal import HeddleWire

// Connections that hold threads, as a foreground run does: when they end their threads are asked to end, and then are ended.

/// A connection that is gone, and the threads that it held and that have a moment to end by themselves.
struct Departure: Sendable {
  /// Of the connection; shut down afterwards. nil if nobody ever named it.
  let session: CustodianID?
  /// Those that are not dead, in the order in which they were made.
  var threads: [ThreadID]
  let until: Instant
  /// Whose connection it was, in words.
  let peer: String
}

extension Node {
  /// The connection holds the thread from now on, and refers to it.
  mutating func hold(_ thread: ThreadID, by connection: ConnectionID) {
    // Those that have died meanwhile need not be remembered for its sake.
    let (living, dead) = (connections[connection]?.held ?? []).partitioned { kernel.threads[$0]?.life.isAlive == true }
    for thread in dead { letGo(of: thread) }
    connections[connection]?.held = living + [thread]
    refer(to: thread)
  }

  /// The connection has ended. Its threads get a hang-up and a moment, if it held any; then its session ends.
  mutating func depart(_ connection: Connection, effects: inout Effects) {
    if let path = connection.session.path { sessions[path] = nil }
    let held = connection.held.filter { kernel.threads[$0]?.life.isAlive == true }
    for thread in connection.held { letGo(of: thread) }
    var until = now + Limits.sessionGrace
    // Of the two moments that they were given the later one counts.
    if case .grace(let end) = ending { until = max(until, end) }
    let departure = Departure(
      session: connection.session.custodian,
      threads: held,
      until: until,
      peer: connection.peer.text
    )
    guard !held.isEmpty, ending != .shuttingDown else { return end(departure, effects: &effects) }
    // The first that is over stands first.
    let place = departures.firstIndex { $0.until > until } ?? departures.endIndex
    departures.insert(departure, at: place)
    for thread in held {
      step(effects: &effects) {
        // It is alive, which is all that this asks for.
        try? $0.sendBreak(.hangUp, to: thread, effects: &$1)
      }
    }
  }

  /// A thread is dead: a session that waited for it alone ends.
  mutating func endDepartures(afterDeathOf thread: ThreadID, effects: inout Effects) {
    for index in departures.indices { departures[index].threads.removeAll { $0 == thread } }
    endDepartures(where: { $0.threads.isEmpty }, effects: &effects)
  }

  /// Ends what had a moment that is over.
  mutating func endDepartures(effects: inout Effects) {
    endDepartures(where: { [now] in $0.until <= now }, effects: &effects)
  }

  private mutating func endDepartures(where isOver: (Departure) -> Bool, effects: inout Effects) {
    let over = departures.filter(isOver)
    guard !over.isEmpty else { return }
    departures.removeAll(where: isOver)
    for departure in over { end(departure, effects: &effects) }
  }

  private mutating func end(_ departure: Departure, effects: inout Effects) {
    let former = asker
    asker = departure.peer
    defer { asker = former }
    if let custodian = departure.session { endSession(custodian, effects: &effects) }
    // Those whose place is elsewhere.
    for thread in departure.threads where kernel.threads[thread]?.life.isAlive == true {
      setEnder(.request(by: departure.peer), of: thread)
      step(effects: &effects) {
        // The root has authority over every thread. Also over one that a kill would only suspend: it ends with its holder.
        try? $0.kill(thread, by: $0.root, really: true, effects: &$1)
      }
    }
  }

  /// A snapshot goes on without the connections that held threads.
  mutating func endHeld(effects: inout Effects) {
    let held = kernel.threads.ids.filter { entities[$0]?.isHeld == true }
    end(Departure(session: nil, threads: held, until: now, peer: "the end of its session"), effects: &effects)
  }
}

extension Array {
  /// Those for which `isFirst` holds, and the others, each in their order.
  fileprivate func partitioned(by isFirst: (Element) -> Bool) -> (first: [Element], second: [Element]) {
    (filter(isFirst), filter { !isFirst($0) })
  }
}
