internal import HeddleModel
internal import HeddleWire
internal import Synchronization

/// The mail of one connection: an outbox for each node that it goes to, since what is sent to each is counted and
/// acknowledged apart, and none waits for another.
struct Outboxes {
  /// That for the supervisor's own threads, as mostly.
  private var home: Outbox
  private var far: [NodeSlot: Outbox] = [:]
  private let bytesMax: Int

  init(bytesMax: Int) {
    home = Outbox(bytesMax: bytesMax)
    self.bytesMax = bytesMax
  }

  /// The outbox that the mail for `receiver` goes through.
  subscript(receiver: ThreadID) -> Outbox {
    get { self[receiver.slot] }
    _modify { yield &self[receiver.slot] }
  }

  /// The outbox of the mail that `ticket` is of.
  subscript(ticket ticket: UInt64) -> Outbox {
    get { self[NodeSlot(ofFrame: ticket)] }
    _modify { yield &self[NodeSlot(ofFrame: ticket)] }
  }

  subscript(slot: NodeSlot) -> Outbox {
    get { slot == .home ? home : far[slot] ?? new(slot) }
    _modify {
      if slot == .home {
        yield &home
      } else {
        let new = new(slot)
        yield &far[slot, default: new]
      }
    }
  }

  private func new(_ slot: NodeSlot) -> Outbox { Outbox(bytesMax: bytesMax, firstTicket: slot.frameID) }

  /// The nodes whose acks come only if they are asked for, while somebody waits; they are taken to be asked for then.
  mutating func takeAsked() -> [NodeSlot] {
    var asked: [NodeSlot] = []
    if home.asksForAck() { asked.append(.home) }
    guard !far.isEmpty else { return asked }
    for slot in far.keys.sorted() where far[slot]?.asksForAck() == true { asked.append(slot) }
    return asked
  }

  /// - Parameter onOutcome: called once, on the loop, when everything that was posted has its fate: with the first refusal
  ///   that nobody was told of.
  mutating func flush(onOutcome: @escaping @Sendable (Outbox.Outcome) -> Void) {
    guard !far.isEmpty else { return home.flush(onOutcome: onOutcome) }
    let all = AllOutcomes(far.count + 1, onOutcome)
    home.flush { all.add($0) }
    for slot in far.keys.sorted() { far[slot]?.flush { all.add($0) } }
  }

  /// Lets everybody who waits go on, with `error`.
  mutating func failAll(with error: ClientError) {
    home.failAll(with: error)
    for slot in far.keys.sorted() { far[slot]?.failAll(with: error) }
  }
}

/// Several outcomes, of which the first failure is that of all.
private final class AllOutcomes: Sendable {
  private let state: Mutex<(left: Int, failure: ClientError?)>
  private let onOutcome: @Sendable (Outbox.Outcome) -> Void

  init(_ count: Int, _ onOutcome: @escaping @Sendable (Outbox.Outcome) -> Void) {
    state = Mutex((count, nil))
    self.onOutcome = onOutcome
  }

  func add(_ outcome: Outbox.Outcome) {
    let result: Outbox.Outcome? = state.withLock { state in
      state.left -= 1
      if case .failure(let error) = outcome { state.failure = state.failure ?? error }
      guard state.left == 0 else { return nil }
      return state.failure.map { .failure($0) } ?? .success(())
    }
    if let result { onOutcome(result) }
  }
}
