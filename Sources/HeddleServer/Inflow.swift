internal import HeddleThreads

/// What came in over one stream and was not taken yet, and who waits for more. It belongs to the stream, not to a reader:
/// a reader takes what it takes in one step, and one that waits has taken nothing.
struct Inflow {
  /// What a reader needs before it goes on.
  enum Want: Hashable {
    /// At least so many bytes, or all that are left at the end.
    case bytes(Int)
    /// A whole line of at most `limit` bytes, or what is left of one at the end.
    case line(limit: Int)
  }

  enum Answer {
    /// So many bytes are there for it; of a line, those up to and with its end.
    case ready(Int)
    /// There is nothing any more.
    case end
    case refused(NetworkError)
    case wait
  }

  private enum Source {
    case open
    /// The other side has ended its stream, or it failed: what is here can still be taken.
    case over(NetworkError?)
    /// Nothing can be taken any more.
    case closed
  }

  private struct Waiter {
    let want: Want
    let promise: Promise<Void>
  }

  /// From how many bytes on nothing more is read, unless somebody needs more than that.
  static let mark = 65_536

  let name: String
  private var source = Source.open
  private var bytes = ByteQueue()
  /// How many of the bytes are known to have no line's end among them.
  private var scanned = 0
  /// Whether the loop was told to leave what comes in the kernel.
  private var isPaused = false
  /// Counts how often bytes were taken.
  private(set) var takings: UInt64 = 0
  /// One for each want that somebody has.
  private var waiters: [Waiter] = []
  /// Kept when bytes are taken, or can be no more; and how often some had been when it was made.
  private var progress: (promise: Promise<Void>, since: UInt64)?

  init(named name: String) { self.name = name }

  /// Whether it was closed on this side.
  var isClosed: Bool { if case .closed = source { true } else { false } }

  var count: Int { bytes.count }

  // MARK: - Readers

  /// What there is for `want`.
  mutating func answer(to want: Want) -> Answer {
    if case .closed = source { return .refused(.closed("read from", name)) }
    switch want {
    case .bytes(let least) where bytes.count >= least: return .ready(bytes.count)
    case .line(let limit):
      if let length = lengthOfLine() {
        return length - 1 <= limit ? .ready(length) : .refused(.lineTooLong(limit, name))
      }
      if bytes.count > limit { return .refused(.lineTooLong(limit, name)) }
    case .bytes: break
    }
    switch source {
    case .open: return .wait
    case .over where !bytes.isEmpty: return .ready(bytes.count)
    case .over(let error?): return .refused(error)
    case .over(nil), .closed: return .end
    }
  }

  private mutating func lengthOfLine() -> Int? {
    if let index = bytes.firstIndex(of: UInt8(ascii: "\n"), from: scanned) { return index + 1 }
    scanned = bytes.count
    return nil
  }

  /// What is kept when the answer to `want` is no more to wait. Those with the same want share it.
  mutating func promise(of want: Want) -> Promise<Void> {
    if let waiter = waiters.first(where: { $0.want == want }) { return waiter.promise }
    let promise = Promise<Void>()
    waiters.append(Waiter(want: want, promise: promise))
    return promise
  }

  /// What is kept when bytes are taken or the stream is closed; nil if that was since `takings` were counted.
  mutating func promiseOfProgress(since takings: UInt64) -> Promise<Void>? {
    guard takings == self.takings, !isClosed else { return nil }
    let promise = progress?.promise ?? Promise<Void>()
    progress = (promise, takings)
    return promise
  }

  /// Takes the first `count` bytes, of which there are so many.
  mutating func take(_ count: Int) -> [UInt8] {
    guard count > 0 else { return [] }
    takings += 1
    scanned = max(0, scanned - count)
    return bytes.removeFirst(count)
  }

  /// Up to `count` bytes from the one at `offset` on, which stay.
  func peek(_ count: Int, from offset: Int) -> [UInt8] { bytes.bytes(from: offset, count: count) }

  /// What follows from what a reader has done.
  struct Change {
    /// Whether the loop is to read again.
    let resumes: Bool
    /// Who waited for bytes to be taken.
    let progress: Promise<Void>?
  }

  /// What follows, to be done outside of the lock.
  mutating func change() -> Change {
    let resumes = if isPaused, case .open = source { !isFull } else { false }
    if resumes { isPaused = false }
    guard let progress, progress.since < takings else { return Change(resumes: resumes, progress: nil) }
    self.progress = nil
    return Change(resumes: resumes, progress: progress.promise)
  }

  /// As much as is read ahead, or as somebody waits for.
  private var isFull: Bool {
    bytes.count
      >= waiters.reduce(Self.mark) { room, waiter in
        switch waiter.want {
        case .bytes(let least): max(room, least)
        // One more, to see that it is too long.
        case .line(let limit): max(room, limit + 1)
        }
      }
  }

  // MARK: - The loop

  /// - Returns: who goes on, and whether the loop is to leave what comes in the kernel from now on.
  mutating func append(_ new: Span<UInt8>) -> (kept: [Promise<Void>], pauses: Bool) {
    guard case .open = source else { return ([], true) }
    bytes.append(new)
    let kept = keepPromises()
    isPaused = isFull
    return (kept, isPaused)
  }

  /// Nothing more will come.
  mutating func end(_ error: NetworkError?) -> [Promise<Void>] {
    guard case .open = source else { return [] }
    source = .over(error)
    return keepPromises()
  }

  /// Drops what is here, and all that would come.
  ///
  /// - Returns: who goes on; nil if it was closed before.
  mutating func close() -> [Promise<Void>]? {
    if case .closed = source { return nil }
    source = .closed
    bytes = ByteQueue()
    return keepPromises() + [progress.take()?.promise].compactMap(\.self)
  }

  private mutating func keepPromises() -> [Promise<Void>] {
    guard !waiters.isEmpty else { return [] }
    var kept: [Promise<Void>] = []
    for waiter in exchange(&waiters, with: []) {
      if case .wait = answer(to: waiter.want) { waiters.append(waiter) } else { kept.append(waiter.promise) }
    }
    return kept
  }
}
