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
    connections[connection]?.held.append(thread)
    refer(to: thread)
  }

  /// The connection has ended. Its threads get a hang-up and a moment, if it held any; then its session ends.
  mutating func depart(_ connection: Connection, effects: inout Effects) {
    if let path = connection.session.path { sessions[path] = nil }
    let held = connection.held.filter { kernel.threads[$0]?.life.isAlive == true }
    for thread in connection.held { letGo(of: thread) }
    let departure = Departure(
      session: connection.session.custodian,
      threads: held,
      until: now + Limits.sessionGrace,
      peer: connection.peer.text
    )
    guard !held.isEmpty, ending == .no else { return end(departure, effects: &effects) }
    departures.append(departure)
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
    asker = departure.peer
    defer { asker = "" }
    if let custodian = departure.session { endSession(custodian, effects: &effects) }
    // Those whose place is elsewhere.
    for thread in departure.threads where kernel.threads[thread]?.life.isAlive == true {
      setEnder(.request(by: departure.peer), of: thread)
      step(effects: &effects) {
        // The root has authority over every thread.
        try? $0.kill(thread, by: $0.root, effects: &$1)
      }
    }
  }

  /// A snapshot goes on without the connections that held threads.
  mutating func endHeld(effects: inout Effects) {
    let held = kernel.threads.ids.filter { entities[$0]?.isHeld == true }
    end(Departure(session: nil, threads: held, until: now, peer: "the end of its session"), effects: &effects)
  }
}
