internal import DequeModule
internal import HeddleModel
internal import HeddleWire

/// Something that a client set going, and that may not have been seen to happen yet.
enum Unobserved: Hashable, Sendable {
  /// The thread's program runs, or could not be started.
  case start(ThreadID)
  /// The suspension or resumption of this generation; or the thread is dead before.
  case change(ThreadID, generation: UInt64)
  /// The thread is dead.
  case end(ThreadID)
  /// The thread's pipe has taken so many lines, all in all; or it takes none at present, since the thread is not running.
  case handover(ThreadID, through: UInt64)
}

/// One connection's barriers, oldest first, and what the next one will wait for.
///
/// What came before a barrier came before the later ones, too. So a barrier waits for those before it, and beyond that
/// only for what came after the last of these.
struct Barriers: Equatable, Sendable {
  private struct Barrier: Equatable, Sendable {
    let request: RequestID
    /// In no order that matters.
    var awaited: [Unobserved]
  }

  private var waiting: Deque<Barrier> = []
  private var sinceLast: [Unobserved] = []
  /// When `sinceLast` is this long it is time to look for what has been observed.
  private var sweepCount = Self.sweepCountMin
  private static let sweepCountMin = 64

  var count: Int { waiting.count }

  func contains(_ request: RequestID) -> Bool { waiting.contains { $0.request == request } }

  /// Adds what a client has set going. So long as it asks for no barrier only what is not observed is kept.
  mutating func note(_ effect: Unobserved, isObserved: (Unobserved) -> Bool) {
    // Mail to one receiver is one thing to wait for.
    if case .handover(let thread, _) = effect, case .handover(thread, _)? = sinceLast.last { sinceLast.removeLast() }
    sinceLast.append(effect)
    guard sinceLast.count >= sweepCount else { return }
    sinceLast.removeAll(where: isObserved)
    sweepCount = max(Self.sweepCountMin, 2 * sinceLast.count)
  }

  /// Whether a barrier would have nothing to wait for.
  func isClear(isObserved: (Unobserved) -> Bool) -> Bool { waiting.isEmpty && sinceLast.allSatisfy(isObserved) }

  /// A barrier behind all that was noted so far.
  mutating func add(_ request: RequestID) {
    waiting.append(Barrier(request: request, awaited: sinceLast))
    sinceLast = []
    sweepCount = Self.sweepCountMin
  }

  /// The oldest barrier if all before it has been observed, which then waits no more.
  mutating func release(isObserved: (Unobserved) -> Bool) -> RequestID? {
    guard !waiting.isEmpty else { return nil }
    while let effect = waiting[0].awaited.last {
      guard isObserved(effect) else { return nil }
      waiting[0].awaited.removeLast()
    }
    return waiting.removeFirst().request
  }

  /// Takes a barrier away; what it waited for is left to those after it.
  ///
  /// - Returns: whether there was one.
  mutating func withdraw(_ request: RequestID) -> Bool {
    guard let index = waiting.firstIndex(where: { $0.request == request }) else { return false }
    let awaited = waiting.remove(at: index).awaited
    if index < waiting.count { waiting[index].awaited += awaited } else { sinceLast += awaited }
    return true
  }
}
