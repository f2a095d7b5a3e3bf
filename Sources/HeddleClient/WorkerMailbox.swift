internal import DequeModule
internal import HeddleThreads
internal import HeddleWire
internal import Synchronization

/// The mail that a supervisor has written to this process, until a thread of it takes the messages.
final class WorkerMailbox: Sendable {
  /// What there is for whoever wants a message.
  enum Find {
    /// `isCreditDue` says whether it is time to tell the supervisor what was taken.
    case message([UInt8], isCreditDue: Bool)
    /// Nothing so far; the promise is kept when there is something.
    case nothing(Promise<Void>)
    /// The end of mail, for good.
    case end
    case failure(ClientError)
  }

  private enum Entry {
    /// What came together.
    case came(MailBundle)
    /// What was pushed back: the supervisor counts it as taken.
    case rewound([UInt8])
  }

  private struct State {
    /// None is empty.
    var messages: Deque<Entry> = []
    /// What comes when there are no messages any more; nil while more can come.
    var last: Find?
    /// Kept if there is a message, or the last of them was.
    var arrival = Promise<Void>()
    var taken = MailTotals.zero
    /// What the supervisor knows of `taken`.
    var told = MailTotals.zero

    mutating func popFirst() -> [UInt8]? {
      switch messages.popFirst() {
      case .came(var mail):
        let body = mail.popFirst() ?? []
        if !mail.run.isEmpty { messages.prepend(.came(mail)) }
        taken.messages += 1
        taken.bytes += UInt64(body.count)
        return body
      case .rewound(let body): return body
      case nil: return nil
      }
    }

    /// Whether there is more than `portion` to tell the supervisor, or anything at all and nothing more to take.
    func isCreditDue(_ portion: MailTotals) -> Bool {
      if messages.isEmpty { return taken != told }
      return taken.messages - told.messages >= portion.messages || taken.bytes - told.bytes >= portion.bytes
    }
  }

  private let state = Mutex(State())
  /// How much is told of at a time, at most: a quarter of the credit.
  private let portion: MailTotals

  init(credit: MailTotals) {
    portion = MailTotals(messages: credit.messages / 4, bytes: credit.bytes / 4)
  }

  // MARK: - In

  /// Messages have come, one at least.
  func add(_ mail: MailBundle) {
    change { $0.messages.append(.came(mail)) }
  }

  /// Pushes messages back, one by one: the last of them is received first.
  func rewind(_ bodies: [[UInt8]]) {
    guard !bodies.isEmpty else { return }
    change { state in
      for body in bodies { state.messages.prepend(.rewound(body)) }
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
      guard let body = state.popFirst() else { return state.last ?? .nothing(state.arrival) }
      if state.messages.isEmpty, state.last == nil { state.arrival = Promise() }
      return .message(body, isCreditDue: state.isCreditDue(portion))
    }
  }

  /// Kept when there is a message, or no more can come.
  var arrival: Promise<Void> { state.withLock(\.arrival) }

  var isEmpty: Bool { state.withLock(\.messages.isEmpty) }

  /// What to tell the supervisor; nil when it knows.
  func takeCredit() -> MailTotals? {
    state.withLock { state in
      guard state.taken != state.told else { return nil }
      state.told = state.taken
      return state.taken
    }
  }
}
