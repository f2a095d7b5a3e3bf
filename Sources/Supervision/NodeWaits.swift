internal import HeddleModel
internal import HeddleWire

// Requests that wait, and those that are open.

extension Node {
  /// Throws unless no request, watch or stream of the connection has this number.
  func requireUnused(_ number: UInt64, on connection: ConnectionID) throws(WireRefusal) {
    let request = RequestID(rawValue: number)
    let isUsed =
      connections[connection]?.isUsed(number) == true
      || shutdowns.contains { $0.clients.contains { $0.connection == connection && $0.request == request } }
      || spawns.values.contains { $0.connection == connection && $0.request == request }
      || matter(number, of: connection) != nil
      || openings.values.contains { $0.connection == connection && $0.request == request }
      || isPetition(request, of: connection)
    if isUsed { throw Sentences.requestIsOpen(request) }
  }

  /// Throws unless one more request of the connection may wait.
  func requireRoom(for inquiry: Inquiry, _ attempted: String, _ subject: String) throws(WireRefusal) {
    guard let connection = connections[inquiry.connection] else { return }
    guard connection.waits.count + connection.barriers.count + connection.historyWaits.count < Limits.openRequestsMax
    else {
      throw Sentences.tooManyOpen(attempted, subject)
    }
  }

  /// Lets a request wait for a state event of a thread, or for its death; answered in this very step if it has happened.
  mutating func wait(
    for kind: StateEvent.Kind,
    of thread: ThreadID,
    _ subject: Answer.Subject,
    _ attempted: String,
    _ reference: ThreadReference,
    _ inquiry: Inquiry,
    effects: inout Effects
  ) throws(WireRefusal) {
    expose(thread, to: inquiry.connection, effects: &effects)
    try wait(subject, attempted, on: "\(reference)", inquiry, effects: &effects) { (kernel, orders) throws(Refusal) in
      let events = [try kernel.event(kind, of: thread), try kernel.event(.death, of: thread)]
      return try kernel.sync(events.map { Branch(.state($0)) }, in: nil, effects: &orders)
    }
  }

  /// Lets a request wait until a custodian's shutdown has begun; answered in this very step if it has.
  mutating func waitForShutdown(
    of custodian: CustodianID,
    _ path: String,
    _ inquiry: Inquiry,
    effects: inout Effects
  ) throws(WireRefusal) {
    try wait(.done, "wait for the shutdown of", on: path, inquiry, effects: &effects) {
      (kernel, orders) throws(Refusal) in
      try kernel.sync([Branch(.shutdown(custodian))], in: nil, effects: &orders)
    }
  }

  /// Lets a request be answered by the end of the wait that `begin` begins, which may be in this very step.
  mutating func wait(
    _ subject: Answer.Subject,
    _ attempted: String,
    on object: String,
    _ inquiry: Inquiry,
    effects: inout Effects,
    begin: (inout Kernel, inout [Effect]) throws(Refusal) -> WaitID
  ) throws(WireRefusal) {
    try requireRoom(for: inquiry, attempted, object)
    let answer = Answer(
      connection: inquiry.connection,
      request: inquiry.request,
      subject: subject,
      attempted: attempted,
      on: object
    )
    var orders: [Effect] = []
    do throws(Refusal) {
      let wait = try begin(&kernel, &orders)
      answers[wait] = answer
      connections[inquiry.connection]?.waits[inquiry.request] = wait
    } catch {
      throw Sentences.refused(error, attempted: attempted, subject: object, in: self)
    }
    obey(orders, effects: &effects)
  }

  /// What a request waited for has come.
  mutating func answer(_ wait: WaitID, _ choice: Choice, effects: inout Effects) {
    guard let answer = answers.removeValue(forKey: wait) else { return }
    connections[answer.connection]?.waits[answer.request] = nil
    let reply: Reply
    switch answer.subject {
    case .death(let thread):
      // Forgotten only after 1,000 newer deaths: an answer comes with the death itself.
      guard let death = entities[thread]?.death else { return }
      reply = .died(thread, death)
    case .kill(let thread):
      switch state(of: thread) {
      case .dead, nil: reply = .killed(.died)
      case .ending: reply = .killed(.ending)
      // What would have killed it has suspended it, and it stood still.
      case .starting, .running, .suspended: reply = .killed(.suspended)
      }
    case .done: reply = .done
    case .watch(let watch): return fire(watch, on: answer.connection, effects: &effects)
    case .nested(let thread): return answerCall(answer, of: thread, choice, effects: &effects)
    case .mail(let thread, let most): return hand(choice, of: thread, atMost: most, to: answer, effects: &effects)
    case .mailArrival: reply = .done
    }
    effects.append(.send(answer.connection, .reply(reply, answer.request)))
  }

  mutating func cancel(
    _ request: RequestID,
    on connection: ConnectionID,
    effects: inout Effects
  ) -> Reply {
    if connections[connection]?.barriers.withdraw(request) == true {
      effects.append(.send(connection, .refusal(Sentences.cancelled("wait for", "the barrier"), request)))
    }
    if connections[connection]?.historyWaits.removeValue(forKey: request) != nil {
      effects.append(.send(connection, .refusal(Sentences.cancelled("wait for", "what happens"), request)))
    }
    for index in shutdowns.indices {
      let count = shutdowns[index].clients.count
      shutdowns[index].clients.removeAll { $0.connection == connection && $0.request == request }
      guard shutdowns[index].clients.count < count else { continue }
      // The shutdown itself goes on.
      effects.append(.send(connection, .refusal(Sentences.cancelled("wait for", "the shutdown"), request)))
    }
    if withdrawPetitions(request, of: connection) {
      effects.append(.send(connection, .refusal(Sentences.cancelled("wait for", "the cluster"), request)))
    }
    if let call = nestedCall(of: request, on: connection) {
      abandon(call, effects: &effects)
    } else if let wait = connections[connection]?.waits.removeValue(forKey: request), let answer = answers[wait] {
      answers[wait] = nil
      step(effects: &effects) { $0.withdraw(wait, effects: &$1) }
      let refusal = Sentences.cancelled(answer.attempted, answer.on)
      effects.append(.send(connection, .refusal(refusal, request)))
    }
    return .done
  }
}
