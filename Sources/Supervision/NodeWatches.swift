internal import HeddleModel
internal import HeddleWire

// State events, and the watches on them.

/// One watch of a connection.
struct Watch: Equatable, Sendable {
  let wait: WaitID
  /// The thread whose event it is.
  let thread: ThreadID
}

extension Node {
  /// The event of `kind` that the thread has now.
  func event(_ kind: StateEvent.Kind, of reference: ThreadReference) throws(WireRefusal) -> StateEvent {
    let attempted = "name an event of"
    let thread = try find(reference, to: attempted)
    do throws(Refusal) {
      return try kernel.event(kind, of: thread)
    } catch {
      throw Sentences.refused(error, attempted: attempted, subject: "\(reference)", in: self)
    }
  }

  /// Begins to watch; fires in this very step if the event has happened.
  mutating func watch(_ frame: Frame, on connection: ConnectionID, effects: inout Effects) {
    let number = frame.header.id
    do throws(WireRefusal) {
      try requireUnused(number, on: connection)
      let event: StateEvent
      do throws(WireDecodingError) { event = try StateEvent(decoding: frame.body) } catch { throw WireRefusal(error) }
      if try forward(event, number, on: connection, effects: &effects) { return }
      try watch(event, WatchID(rawValue: number), on: connection, effects: &effects)
    } catch {
      effects.append(.send(connection, .refusal(error, RequestID(rawValue: number))))
    }
  }

  private mutating func watch(
    _ event: StateEvent,
    _ id: WatchID,
    on connection: ConnectionID,
    effects: inout Effects
  ) throws(WireRefusal) {
    let subject = "id:\(event.thread)"
    guard connections[connection]?.watches.count ?? 0 < Limits.watchesMax else {
      throw Sentences.tooMany("watches", Limits.watchesMax, attempted: "watch", subject: subject)
    }
    expose(event.thread, to: connection, effects: &effects)
    var orders: [Effect] = []
    do throws(Refusal) {
      let wait = try kernel.sync([Branch(.state(event))], in: nil, effects: &orders)
      answers[wait] = Answer(
        connection: connection,
        request: RequestID(rawValue: id.rawValue),
        subject: .watch(id),
        attempted: "watch",
        on: subject
      )
      connections[connection]?.watches[id] = Watch(wait: wait, thread: event.thread)
      refer(to: event.thread)
    } catch {
      throw Sentences.refused(error, attempted: "watch", subject: subject, in: self)
    }
    obey(orders, effects: &effects)
  }

  /// Ends a watch. No effect on one that has fired, or never was.
  mutating func unwatch(_ id: WatchID, on connection: ConnectionID, effects: inout Effects) {
    guard let watch = connections[connection]?.watches.removeValue(forKey: id) else { return }
    end(watch, effects: &effects)
  }

  /// What the connection watched has happened.
  mutating func fire(_ id: WatchID, on connection: ConnectionID, effects: inout Effects) {
    guard let watch = connections[connection]?.watches.removeValue(forKey: id) else { return }
    letGo(of: watch.thread)
    effects.append(.send(connection, .fired(id)))
  }

  /// The connection has ended, and its watches with it.
  mutating func endWatches(of connection: Connection, effects: inout Effects) {
    for id in connection.watches.keys.sorted() {
      if let watch = connection.watches[id] { end(watch, effects: &effects) }
    }
  }

  private mutating func end(_ watch: Watch, effects: inout Effects) {
    answers[watch.wait] = nil
    step(effects: &effects) { $0.withdraw(watch.wait, effects: &$1) }
    letGo(of: watch.thread)
  }
}
