internal import DequeModule
internal import HeddleThreads
internal import HeddleWire
internal import Synchronization

/// The mail that a supervisor has written to this process, until a thread of it takes the messages.
final class WorkerMailbox: Sendable {
  /// What there is for whoever wants a message.
  enum Find {
    case message([UInt8])
    /// Nothing so far; the promise is kept when there is something.
    case nothing(Promise<Void>)
    /// The end of mail, for good.
    case end
    case failure(ClientError)
  }

  private struct Message {
    let body: [UInt8]
    /// Whether the supervisor counts it as taken: it was, and was pushed back.
    let isTaken: Bool
  }

  private struct State {
    var messages: Deque<Message> = []
    /// What comes when there are no messages any more; nil while more can come.
    var last: Find?
    /// Kept if there is a message, or the last of them was.
    var arrival = Promise<Void>()
    var taken = MailTotals.zero
    /// What the supervisor knows of `taken`.
    var told = MailTotals.zero
  }

  private let state = Mutex(State())
  /// How much is told of at a time, at most: a quarter of the credit.
  private let portion: MailTotals

  init(credit: MailTotals) {
    portion = MailTotals(messages: credit.messages / 4, bytes: credit.bytes / 4)
  }

  // MARK: - In

  /// A message has come.
  func add(_ body: [UInt8]) {
    change { $0.messages.append(Message(body: body, isTaken: false)) }
  }

  /// Pushes messages back, one by one: the last of them is received first.
  func rewind(_ bodies: [[UInt8]]) {
    guard !bodies.isEmpty else { return }
    change { state in
      for body in bodies { state.messages.prepend(Message(body: body, isTaken: true)) }
    }
  }

  /// No more comes. The first reason stays.
  func end(_ last: Find) { change { $0.last = $0.last ?? last } }

  private func change(_ change: (inout State) -> Void) {
    let arrival = state.withLock { state in
      change(&state)
      return state.arrival
    }
    // Outside of the lock, since whoever waits goes on by it.
    arrival.fulfillInNobodysName(())
  }

  // MARK: - Out

  /// Takes the first message, if there is one.
  func take() -> Find {
    state.withLock { state in
      guard let message = state.messages.popFirst() else { return state.last ?? .nothing(state.arrival) }
      if !message.isTaken {
        state.taken.messages += 1
        state.taken.bytes += UInt64(message.body.count)
      }
      if state.messages.isEmpty, state.last == nil { state.arrival = Promise() }
      return .message(message.body)
    }
  }

  /// Kept when there is a message, or no more can come.
  var arrival: Promise<Void> { state.withLock(\.arrival) }

  var isEmpty: Bool { state.withLock(\.messages.isEmpty) }

  /// Whether there is so much to tell the supervisor of what was taken that it is time to.
  var isCreditDue: Bool {
    state.withLock { state in
      guard state.taken != state.told else { return false }
      return state.messages.isEmpty || state.taken.messages - state.told.messages >= portion.messages
        || state.taken.bytes - state.told.bytes >= portion.bytes
    }
  }

  /// What to tell the supervisor; nil when it knows.
  func takeCredit() -> MailTotals? {
    state.withLock { state in
      guard state.taken != state.told else { return nil }
      state.told = state.taken
      return state.taken
    }
  }
}
