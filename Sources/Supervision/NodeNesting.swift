internal import HeddleModel
internal import HeddleWire

// Nested processes: a worker's thread waits for one as for a nested thread. Racket: `call-in-nested-thread`.
//
// The model's wait is the call. It ends with the nested thread, or with the creator, whether or not anybody is to be told
// of that: the answer to the request can be dropped alone, and is when the connection ends.

extension Node {
  // MARK: - The beginning

  /// Makes the model's thread for a nested process. Its creator, the worker that asks, waits from now on.
  ///
  /// - Parameter orders: what follows; to be obeyed once the thread is an entity. A break that is pending on the creator
  ///   moves to it (TH-23).
  /// - Returns: the thread, and the custodian for which it acts, which is the creator's and not what manages it (TH-15).
  mutating func nest(
    _ subject: String,
    under path: CustodianPath?,
    for inquiry: Inquiry,
    orders: inout [Effect]
  ) throws(WireRefusal) -> (thread: ThreadID, current: CustodianID) {
    guard let creator = connections[inquiry.connection]?.worker?.thread else { throw Sentences.noCreator(subject) }
    try requireRoom(for: inquiry, "start", subject)
    let custodian = try place(path, for: inquiry, to: "start \(subject) in")
    do throws(Refusal) {
      let (thread, call) = try kernel.makeNestedThread(in: creator, under: custodian, effects: &orders)
      open(call, of: thread, subject, for: inquiry)
      return (thread, inquiry.caller)
    } catch {
      throw Sentences.refused(error, attempted: "nest \(subject) in", subject: "id:\(creator)", in: self)
    }
  }

  /// The request stays open as long as the call.
  private mutating func open(_ call: WaitID, of thread: ThreadID, _ subject: String, for inquiry: Inquiry) {
    answers[call] = Answer(
      connection: inquiry.connection,
      request: inquiry.request,
      subject: .nested(thread),
      attempted: "wait for the nested thread",
      on: subject
    )
    connections[inquiry.connection]?.waits[inquiry.request] = call
    // What it died of is to be told even if a thread that is nested in it outlives it by far.
    refer(to: thread)
  }

  /// The call that an open request of the connection began; nil if that is another kind of request.
  func nestedCall(of request: RequestID, on connection: ConnectionID) -> WaitID? {
    guard let wait = connections[connection]?.waits[request], case .nested = answers[wait]?.subject else { return nil }
    return wait
  }

  // MARK: - The end

  /// The nested thread is dead, and so is all that was nested in it. A break that is left over comes behind the answer.
  mutating func answerCall(_ answer: Answer, of thread: ThreadID, _ choice: Choice, effects: inout Effects) {
    defer { letGo(of: thread) }
    guard case .nested(let end) = choice, let death = entities[thread]?.death else { return }
    let outcome = NestedEnd(thread: thread, death: death, isValueLost: end == .killed)
    effects.append(.send(answer.connection, .reply(.nestedEnded(outcome), answer.request)))
    guard case .grace = ending, let creator = connections[answer.connection]?.worker?.thread else { return }
    step(effects: &effects) {
      // It was not asked to end with the others, and is alive: its death would have withdrawn the call.
      try? $0.sendBreak(.terminate, to: creator, effects: &$1)
    }
  }

  /// The request is withdrawn: the creator goes on, and the nested thread is told by a break.
  mutating func abandon(_ call: WaitID, effects: inout Effects) {
    guard let answer = answers[call] else { return }
    dropAnswer(toCall: call)
    let refusal = Sentences.cancelled(answer.attempted, answer.on)
    effects.append(.send(answer.connection, .refusal(refusal, answer.request)))
    step(effects: &effects) { $0.abandonNestedCall(call, effects: &$1) }
  }

  /// Nobody is to be told what the call comes to; in the model it may go on.
  ///
  /// - Returns: whether the wait is a nested call's that was to be answered.
  @discardableResult
  mutating func dropAnswer(toCall wait: WaitID) -> Bool {
    guard let answer = answers[wait], case .nested(let thread) = answer.subject else { return false }
    answers[wait] = nil
    connections[answer.connection]?.waits[answer.request] = nil
    spawns[thread]?.connection = nil
    letGo(of: thread)
    return true
  }

  // MARK: - Breaks

  /// A worker that is about to end says which break it has kept and not raised: at its death that is left over (TH-27).
  mutating func breakGivenBack(_ frame: Frame, on connection: ConnectionID, effects: inout Effects) {
    guard let thread = connections[connection]?.worker?.thread, frame.header.id == thread.rawValue else {
      return refuseConnection(connection, Sentences.outOfPlace(frame.header.kind), effects: &effects)
    }
    do throws(WireDecodingError) {
      let kind = try BreakKind(decoding: frame.body)
      entities[thread]?.hasGivenBreaksBack = true
      step(effects: &effects) {
        // The thread is there as long as its connection is.
        try? $0.sendBreak(kind, to: thread, effects: &$1)
      }
    } catch {
      refuseConnection(connection, WireRefusal(error), effects: &effects)
    }
  }

  /// Whether a break can be handed to the thread. Not while it is in a nested call: one that came to it then is left over
  /// from there, and its turn is behind the outcome (TH-29). Nor once it takes none any more: it is left over (TH-27).
  func hearsBreaks(_ thread: ThreadID) -> Bool {
    guard !kernel.isNesting(thread), let entity = entities[thread] else { return false }
    return switch entity.body {
    case .starting, .running, .connection, .server: !entity.hasGivenBreaksBack
    // What lingers of its tree may still hear a signal.
    case .exited: entity.linger
    case .draining, .gone: false
    }
  }
}
