internal import DequeModule
internal import HeddleModel
internal import HeddleWire

/// The mail of one connection, and the tasks that wait for its fate or for room in the window.
struct Outbox {
  typealias Outcome = Result<Void, ClientError>

  /// What is not in the window yet.
  private enum Pending {
    /// Messages whose poster waits for room in the window.
    case posting(ArraySlice<[UInt8]>, to: ThreadID, ticket: UInt64, onOutcome: @Sendable (Outcome) -> Void)
    /// A message that would take its place in the window at once, were it not behind others for the same receiver.
    case sending(Letter)

    var receiver: ThreadID {
      switch self {
      case .posting(_, let receiver, _, _): receiver
      case .sending(let letter): letter.receiver
      }
    }

    var ticket: UInt64 {
      switch self {
      case .posting(_, _, let ticket, _): ticket
      case .sending(let letter): letter.ticket
      }
    }
  }

  /// How a single message is sent.
  enum Manner {
    /// It is refused while the mailbox is full.
    case now(whenSuspended: WhenSuspended = .queue)
    /// It waits for room.
    case whenThereIsRoom(whenSuspended: WhenSuspended = .queue)
  }

  private var window: SendWindow
  private var lastTicket: UInt64
  /// The senders who wait for the fate of one message.
  private var senders: [UInt64: @Sendable (Outcome) -> Void] = [:]
  /// In the order in which they came.
  private var pending: Deque<Pending> = []
  private var flushers: [@Sendable (Outcome) -> Void] = []
  /// Who waits until nothing is on its way to a receiver.
  private var followers: [(receiver: ThreadID, onSettled: @Sendable (Outcome) -> Void)] = []
  /// How many messages were posted and have no fate yet.
  private var postedCount = 0
  /// The first refusal of a posted message that nobody was told of.
  private var untold: WireRefusal?

  /// - Parameter firstTicket: none of its tickets is less.
  init(bytesMax: Int, firstTicket: UInt64 = 0) {
    window = SendWindow(bytesMax: bytesMax)
    lastTicket = firstTicket
  }

  // MARK: What tasks ask for

  /// - Parameter onFate: called once, on the loop, when the message's fate is known.
  /// - Returns: the message's ticket, to take it back with.
  mutating func send(
    _ body: [UInt8],
    to receiver: ThreadID,
    _ manner: Manner,
    onFate: @escaping @Sendable (Outcome) -> Void
  ) -> (ticket: UInt64, effects: [SendWindow.Effect]) {
    let letter = nextLetter(body, to: receiver, manner)
    senders[letter.ticket] = onFate
    if pending.contains(where: { $0.receiver == receiver }) {
      pending.append(.sending(letter))
      return (letter.ticket, [])
    }
    return (letter.ticket, advance { $0.take(letter, effects: &$1) })
  }

  /// Has somebody else told of the fate of a message, which is not known yet.
  mutating func redirect(_ ticket: UInt64, onFate: @escaping @Sendable (Outcome) -> Void) {
    precondition(senders[ticket] != nil, "the fate of a message is told once")
    senders[ticket] = onFate
  }

  /// Takes a message back, if that can be done; its sender is told in any case.
  mutating func withdraw(_ ticket: UInt64, to receiver: ThreadID) -> [SendWindow.Effect] {
    guard let index = pending.firstIndex(where: { $0.ticket == ticket }),
      case .sending = pending.remove(at: index)
    else { return advance { $0.withdraw(ticket, to: receiver, effects: &$1) } }
    // It was never in the window.
    senders.removeValue(forKey: ticket)?(.failure(.refused(WireRefusal(mailTo: receiver, .cancelled))))
    return advance { _, _ in }
  }

  /// Puts messages into the window, as far as there is room and nobody waits for it.
  ///
  /// - Returns: those that have to wait, for `wait(toPost:)`.
  /// - Throws: a refusal that nobody was told of; no message is in the window then.
  mutating func post(
    _ bodies: [[UInt8]],
    to receiver: ThreadID
  ) throws(ClientError) -> (rest: ArraySlice<[UInt8]>, effects: [SendWindow.Effect]) {
    guard pending.isEmpty else { return (bodies[...], []) }
    if let refusal = takeUntold() { throw .refused(refusal) }
    var effects: [SendWindow.Effect] = []
    let rest = take(bodies[...], to: receiver, effects: &effects)
    return (rest, effects)
  }

  /// Has messages wait for room in the window that `post` found none for.
  ///
  /// - Parameter onOutcome: called once, on the loop, when all of them are in the window, or are not going to be.
  /// - Returns: what gives up those that are not in the window yet.
  mutating func wait(
    toPost bodies: ArraySlice<[UInt8]>,
    to receiver: ThreadID,
    onOutcome: @escaping @Sendable (Outcome) -> Void
  ) -> UInt64 {
    lastTicket += 1
    pending.append(.posting(bodies, to: receiver, ticket: lastTicket, onOutcome: onOutcome))
    return lastTicket
  }

  /// The poster does not want to go on. What is in the window stays there. Its closure is not called any more.
  mutating func giveUp(posting ticket: UInt64) -> [SendWindow.Effect] {
    pending.removeAll { $0.ticket == ticket }
    return advance { _, _ in }
  }

  /// - Parameter onOutcome: called once, on the loop, when everything that was posted has its fate.
  mutating func flush(onOutcome: @escaping @Sendable (Outcome) -> Void) {
    flushers.append(onOutcome)
    tellWaiting()
  }

  /// - Parameter onSettled: called once, on the loop, when all that was handed over for `receiver` has its fate.
  mutating func follow(_ receiver: ThreadID, onSettled: @escaping @Sendable (Outcome) -> Void) {
    followers.append((receiver, onSettled))
    tellWaiting()
  }

  /// Whether somebody waits for what comes only if it is asked for; it is taken to be asked for then.
  mutating func asksForAck() -> Bool {
    let isAwaited = !flushers.isEmpty || !followers.isEmpty || !pending.isEmpty && window.mayStandStill
    guard isAwaited, window.canAsk else { return false }
    window.ask()
    return true
  }

  // MARK: What the supervisor says

  mutating func receive(_ ack: Ack) throws(SendWindowError) -> [SendWindow.Effect] {
    try advance { (window, effects) throws(SendWindowError) in try window.receive(ack, effects: &effects) }
  }

  mutating func receiveRoom(for receiver: ThreadID) -> [SendWindow.Effect] {
    advance { $0.receiveRoom(for: receiver, effects: &$1) }
  }

  /// Lets everybody who waits go on, with `error`.
  mutating func failAll(with error: ClientError) {
    for ticket in senders.keys.sorted() { senders.removeValue(forKey: ticket)?(.failure(error)) }
    while let next = pending.popFirst() {
      if case .posting(_, _, _, let onOutcome) = next { onOutcome(.failure(error)) }
    }
    for flusher in flushers { flusher(.failure(error)) }
    flushers = []
    for follower in followers { follower.onSettled(.failure(error)) }
    followers = []
  }

  // MARK: -

  private mutating func nextLetter(_ body: [UInt8], to receiver: ThreadID, _ manner: Manner) -> Letter {
    lastTicket += 1
    let (waits, requiresRunning) =
      switch manner {
      case .now(let whenSuspended): (false, whenSuspended == .fail)
      case .whenThereIsRoom(let whenSuspended): (true, whenSuspended == .fail)
      }
    return Letter(
      ticket: lastTicket,
      receiver: receiver,
      body: body,
      waits: waits,
      requiresRunning: requiresRunning
    )
  }

  /// Lets `input` happen to the window, and does here what it leads to.
  ///
  /// - Returns: all of that; the writing is left to do.
  private mutating func advance<Failure: Error>(
    _ input: (inout SendWindow, inout [SendWindow.Effect]) throws(Failure) -> Void
  ) throws(Failure) -> [SendWindow.Effect] {
    var effects: [SendWindow.Effect] = []
    try input(&window, &effects)
    settle(effects, from: 0)
    admit(effects: &effects)
    return effects
  }

  /// Takes what waits into the window, oldest first, as far as there is room.
  private mutating func admit(effects: inout [SendWindow.Effect]) {
    admission: while let next = pending.popFirst() {
      switch next {
      case .sending(let letter): take(letter, effects: &effects)
      case .posting(let bodies, let receiver, let ticket, let onOutcome):
        let rest = admit(bodies, to: receiver, onOutcome, &effects)
        guard rest.isEmpty else {
          pending.prepend(.posting(rest, to: receiver, ticket: ticket, onOutcome: onOutcome))
          break admission
        }
      }
    }
    tellWaiting()
  }

  private mutating func take(_ letter: Letter, effects: inout [SendWindow.Effect]) {
    let before = effects.count
    window.take(letter, effects: &effects)
    settle(effects, from: before)
  }

  /// - Returns: what there is no room for.
  private mutating func take(
    _ bodies: ArraySlice<[UInt8]>,
    to receiver: ThreadID,
    effects: inout [SendWindow.Effect]
  ) -> ArraySlice<[UInt8]> {
    let before = effects.count
    let rest = window.post(bodies, to: receiver, effects: &effects)
    postedCount += bodies.count - rest.count
    settle(effects, from: before)
    return rest
  }

  /// A refusal stops the poster: whoever reads an endless input for a dead thread has to learn of it.
  ///
  /// - Returns: what there is no room for.
  private mutating func admit(
    _ bodies: ArraySlice<[UInt8]>,
    to receiver: ThreadID,
    _ onOutcome: @Sendable (Outcome) -> Void,
    _ effects: inout [SendWindow.Effect]
  ) -> ArraySlice<[UInt8]> {
    if let refusal = takeUntold() {
      onOutcome(.failure(.refused(refusal)))
      return []
    }
    let rest = take(bodies, to: receiver, effects: &effects)
    if rest.isEmpty { onOutcome(.success(())) }
    return rest
  }

  /// Tells those concerned what became of messages.
  private mutating func settle(_ effects: [SendWindow.Effect], from start: Int) {
    for index in start..<effects.count {
      switch effects[index] {
      case .settle(let letter, let code): settle(letter, code.map { WireRefusal(mailTo: letter.receiver, $0) })
      case .settleRun(let run): postedCount -= run.count
      case .write, .writeRun: break
      }
    }
  }

  private mutating func settle(_ letter: Letter, _ refusal: WireRefusal?) {
    if let sender = senders.removeValue(forKey: letter.ticket) {
      sender(refusal.map { .failure(.refused($0)) } ?? .success(()))
    } else {
      postedCount -= 1
      untold = untold ?? refusal
    }
  }

  /// Tells those who wait for a fate that is known by now.
  private mutating func tellWaiting() {
    if !followers.isEmpty {
      let all = followers
      followers = all.filter { holds($0.receiver) }
      for follower in all where !holds(follower.receiver) { follower.onSettled(.success(())) }
    }
    guard postedCount == 0, pending.isEmpty, !flushers.isEmpty else { return }
    let outcome: Outcome = takeUntold().map { .failure(.refused($0)) } ?? .success(())
    for flusher in flushers { flusher(outcome) }
    flushers = []
  }

  /// Whether a message for `receiver` has no fate yet.
  private func holds(_ receiver: ThreadID) -> Bool {
    pending.contains { $0.receiver == receiver } || window.holds(receiver)
  }

  private mutating func takeUntold() -> WireRefusal? {
    defer { untold = nil }
    return untold
  }
}
