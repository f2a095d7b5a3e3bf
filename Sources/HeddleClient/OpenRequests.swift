internal import HeddleWire

/// The requests of one connection that are not answered yet.
struct OpenRequests {
  typealias Answer = Result<Reply, ClientError>

  /// Who waits for an answer: called with it once, on the loop. The answer to a withdrawal tells nothing.
  private struct Asker {
    var onNotice: (@Sendable (Notice) -> Void)?
    var onAnswer: @Sendable (Answer) -> Void = { _ in }
  }
  private var askers: [RequestID: Asker] = [:]
  /// Those of `askers` that were withdrawn, and whose answer is still to come.
  private var withdrawn: Set<RequestID> = []
  private var lastID: UInt64 = 0

  /// An identifier for a new request, watch or stream, never used before on this connection.
  mutating func nextID() -> RequestID {
    lastID += 1
    return RequestID(rawValue: lastID)
  }

  /// Whether `nextID` gave this number to a request, a watch or a stream.
  func wasGiven(_ number: UInt64) -> Bool { number <= lastID }

  mutating func open(
    _ id: RequestID,
    onNotice: (@Sendable (Notice) -> Void)?,
    onAnswer: @escaping @Sendable (Answer) -> Void
  ) {
    askers[id] = Asker(onNotice: onNotice, onAnswer: onAnswer)
  }

  /// Opens the request by which `id` is withdrawn.
  ///
  /// - Returns: its identifier; nil if `id` is not open, or was withdrawn before.
  mutating func openWithdrawal(of id: RequestID) -> RequestID? {
    guard askers[id] != nil, withdrawn.insert(id).inserted else { return nil }
    let withdrawal = nextID()
    askers[withdrawal] = Asker()
    return withdrawal
  }

  /// Closes the request and tells its asker. Whether it was open.
  mutating func close(_ id: RequestID, with answer: Answer) -> Bool {
    guard let asker = askers.removeValue(forKey: id) else { return false }
    withdrawn.remove(id)
    asker.onAnswer(answer)
    return true
  }

  /// Tells the asker of an open request. Whether it was open.
  func notify(_ id: RequestID, of notice: Notice) -> Bool {
    guard let asker = askers[id] else { return false }
    asker.onNotice?(notice)
    return true
  }

  /// Closes every request, oldest first.
  mutating func failAll(with error: ClientError) {
    for id in askers.keys.sorted() { _ = close(id, with: .failure(error)) }
  }
}
