internal import DequeModule
internal import HeddleModel
internal import HeddleWire

/// The mail of one connection, and the tasks that wait for its fate or for room in the window.
struct Outbox {
  typealias Outcome = Result<Void, ClientError>

  /// Messages to one receiver whose poster waits for room in the window.
  private struct Posting {
    let bodies: ArraySlice<[UInt8]>
    let receiver: ThreadID
    let poster: CheckedContinuation<Outcome, Never>
  }

  private var window: SendWindow
  private var lastTicket: UInt64 = 0
  /// The senders who wait for the fate of one message.
  private var senders: [UInt64: CheckedContinuation<Outcome, Never>] = [:]
  /// In the order in which they came.
  private var postings: Deque<Posting> = []
  private var flushers: [CheckedContinuation<Outcome, Never>] = []
  /// How many messages were posted and have no fate yet.
  private var postedCount = 0
  /// The first refusal of a posted message that nobody was told of.
  private var untold: WireRefusal?

  init(bytesMax: Int) { window = SendWindow(bytesMax: bytesMax) }

  // MARK: What tasks ask for

  mutating func send(
    _ body: [UInt8],
    to receiver: ThreadID,
    waits: Bool,
    for sender: CheckedContinuation<Outcome, Never>
  ) -> [SendWindow.Effect] {
    let letter = nextLetter(body, to: receiver, waits: waits)
    senders[letter.ticket] = sender
    return settle(window.take(letter))
  }

  mutating func post(
    _ bodies: ArraySlice<[UInt8]>,
    to receiver: ThreadID,
    for poster: CheckedContinuation<Outcome, Never>
  ) -> [SendWindow.Effect] {
    postings.append(Posting(bodies: bodies, receiver: receiver, poster: poster))
    return admit()
  }

  mutating func flush(for flusher: CheckedContinuation<Outcome, Never>) {
    flushers.append(flusher)
    resumeFlushers()
  }

  // MARK: What the supervisor says

  mutating func receive(_ ack: Ack) throws(SendWindowError) -> [SendWindow.Effect] {
    settle(try window.receive(ack)) + admit()
  }

  mutating func receiveRoom(for receiver: ThreadID) -> [SendWindow.Effect] {
    settle(window.receiveRoom(for: receiver)) + admit()
  }

  /// Lets everybody who waits go on, with `error`.
  mutating func failAll(with error: ClientError) {
    for ticket in senders.keys.sorted() { senders.removeValue(forKey: ticket)?.resume(returning: .failure(error)) }
    while let posting = postings.popFirst() { posting.poster.resume(returning: .failure(error)) }
    for flusher in flushers { flusher.resume(returning: .failure(error)) }
    flushers = []
  }

  // MARK: -

  private mutating func nextLetter(_ body: [UInt8], to receiver: ThreadID, waits: Bool) -> Letter {
    lastTicket += 1
    return Letter(ticket: lastTicket, receiver: receiver, body: body, waits: waits)
  }

  /// Takes what was posted into the window, oldest first, as far as there is room. A refusal stops the poster: whoever
  /// reads an endless input for a dead thread has to learn of it.
  private mutating func admit() -> [SendWindow.Effect] {
    var effects: [SendWindow.Effect] = []
    while let posting = postings.popFirst() {
      if let refusal = takeUntold() {
        posting.poster.resume(returning: .failure(.refused(refusal)))
        continue
      }
      var rest = posting.bodies
      while let body = rest.first, window.hasRoom(forBodyOf: body.count) {
        rest.removeFirst()
        postedCount += 1
        effects += settle(window.take(nextLetter(body, to: posting.receiver, waits: true)))
      }
      guard rest.isEmpty else {
        postings.prepend(Posting(bodies: rest, receiver: posting.receiver, poster: posting.poster))
        break
      }
      posting.poster.resume(returning: .success(()))
    }
    resumeFlushers()
    return effects
  }

  /// Tells those concerned what became of letters. Returns `effects`, of which the writing is left to do.
  private mutating func settle(_ effects: [SendWindow.Effect]) -> [SendWindow.Effect] {
    for case .settle(let letter, let code) in effects {
      let refusal = code.map { WireRefusal(mailTo: letter.receiver, $0) }
      if let sender = senders.removeValue(forKey: letter.ticket) {
        sender.resume(returning: refusal.map { .failure(.refused($0)) } ?? .success(()))
      } else {
        postedCount -= 1
        untold = untold ?? refusal
      }
    }
    return effects
  }

  private mutating func resumeFlushers() {
    guard postedCount == 0, postings.isEmpty, !flushers.isEmpty else { return }
    let outcome: Outcome = takeUntold().map { .failure(.refused($0)) } ?? .success(())
    for flusher in flushers { flusher.resume(returning: outcome) }
    flushers = []
  }

  private mutating func takeUntold() -> WireRefusal? {
    defer { untold = nil }
    return untold
  }
}
