internal import DequeModule
internal import Synchronization

#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

/// The operating-system threads on which local threads execute, one a processor unless told otherwise.
///
/// A gate that has something to execute queues here, and a carrier gives it a turn: first come first served, but for the
/// shares of thread groups.
///
/// Waking a carrier costs more than most turns. So a carrier that makes one gate ready wakes nobody: it will be free
/// itself in a moment. Should it not be, the look-out sees it within two milliseconds.
package final class Carriers: Sendable {
  private struct State {
    /// The gates that wait for a turn.
    var ready = ReadyQueue()
    /// Those of them that a guest has made ready, first come first served: it takes them itself, unless others are free.
    var guestReady: Deque<Gate> = []
    /// The carriers that sleep; the last that went to sleep is woken first.
    var sleepers: [Parker] = []
    /// How many carriers exist.
    var count = 0
    /// How many carriers there are to be.
    var limit: Int
    /// Counts the turns that were given, to see whether anything moves.
    var turns: UInt64 = 0
    /// How often the look-out has looked since there was a moment in which no guest had a gate waiting.
    var looksSinceRest = 0

    var isEmpty: Bool { ready.isEmpty && guestReady.isEmpty }

    /// The gate whose turn it is; for a guest, of its own ones.
    mutating func popFirst(forGuest: Bool = false) -> Gate? {
      // In turn, so that neither waits for ever if the other is never empty.
      let comesFirst = forGuest || turns % 2 == 1
      let gate =
        (comesFirst ? guestReady.popFirst() : nil) ?? (forGuest ? nil : ready.popFirst() ?? guestReady.popFirst())
      if gate != nil { turns += 1 }
      if guestReady.isEmpty { looksSinceRest = 0 }
      return gate
    }

    /// Who can take a turn that nobody takes: a sleeping carrier, or a new one. nil when all are busy.
    mutating func helper() -> Helper? {
      if let parker = sleepers.popLast() { return .sleeping(parker) }
      guard count < limit else { return nil }
      count += 1
      return .new
    }
  }

  private enum Helper {
    case sleeping(Parker)
    case new
  }

  /// One for the process: who shares the processors should know of each other.
  package static let shared = Carriers(count: processorCount())
  /// One carrier alone, for worlds that are to behave in the same way each time.
  package static let single = Carriers(count: 1)

  /// After how many looks without a rest more carriers are brought to a guest's gates.
  private static let looksMax = 5

  private let state: Mutex<State>
  /// How many carriers there are while none is held up.
  private let ordinary: Int
  private let lookOut = LookOut()

  /// At most `count` carriers, each started when it is first needed; they stay until the process ends.
  package init(count: Int) {
    ordinary = count
    state = Mutex(State(limit: count))
  }

  /// Gives `gate` a turn when those before it have had theirs.
  func enqueue(_ gate: Gate) {
    let kind = CurrentCarrier.kind(in: self)
    let (helper, isLeftToCarrier) = state.withLock { state -> (Helper?, Bool) in
      let isFirst = state.isEmpty
      // A group's share is kept by the one queue that knows it.
      if kind == .guest, gate.group.parent == nil { state.guestReady.append(gate) } else { state.ready.append(gate) }
      let isLeft =
        switch kind {
        case .guest: gate.group.parent == nil
        case .ordinary: isFirst
        case nil: false
        }
      if isLeft { return (nil, state.sleepers.count + state.limit > state.count) }
      return (state.helper(), false)
    }
    bring(helper)
    if isLeftToCarrier { lookOut.wake(for: self) }
  }

  /// Whether other gates wait for a turn.
  var isBusy: Bool { state.withLock { !$0.isEmpty } }

  /// The turn that `gate` has goes on although its thread is to stop. If it does for long, another carrier stands in.
  func watch(_ gate: Gate, turn: UInt64) {
    lookOut.watch(gate, turn: turn)
    lookOut.wake(for: self)
  }

  // MARK: - Carriers

  private func bring(_ helper: Helper?) {
    switch helper {
    case .sleeping(let parker): parker.unpark()
    case .new: startCarrier()
    case nil: break
    }
  }

  private func startCarrier() {
    let isStarted = startDetachedThread { [self] in
      CurrentCarrier.enter(self, as: .ordinary)
      let parker = Parker()
      while let gate = next(parker) { gate.takeTurn() }
    }
    guard !isStarted else { return }
    // The system gives no more threads; those that exist go on. Without any, nothing could.
    state.withLock { state in
      state.count -= 1
      precondition(state.count > 0, "the system refuses the first thread to execute local threads on")
    }
  }

  /// The gate whose turn it is; sleeps while there is none. nil when the carrier is not needed any more.
  private func next(_ parker: Parker) -> Gate? {
    while true {
      let (gate, isNeeded) = state.withLock { state -> (Gate?, Bool) in
        if let gate = state.popFirst() { return (gate, true) }
        guard state.count <= state.limit else {
          state.count -= 1
          return (nil, false)
        }
        state.sleepers.append(parker)
        return (nil, true)
      }
      if gate != nil || !isNeeded { return gate }
      parker.park()
    }
  }

  // MARK: - For guests

  /// The next gate of those that guests have made ready; nil when there is none. What others have made ready is not for
  /// them: it may hold up its carrier, as a thread does that reads from a terminal.
  func nextForGuest() -> Gate? { state.withLock { $0.popFirst(forGuest: true) } }

  /// Brings a carrier for gates that wait, now that a guest will not take them.
  func takeOver() { bring(state.withLock { $0.isEmpty ? nil : $0.helper() }) }

  // MARK: - For the look-out

  /// Brings a carrier if gates wait and none got a turn since `turns` were counted, or a guest's wait all the time.
  ///
  /// - Parameter extras: how many carriers stand in for others.
  /// - Returns: how many turns were given so far, and whether gates wait.
  func helpIfStuck(since turns: UInt64, extras: Int) -> (turns: UInt64, isBusy: Bool) {
    let (helper, answer) = state.withLock { state -> (Helper?, (UInt64, Bool)) in
      state.limit = ordinary + extras
      state.looksSinceRest += 1
      let isLate = !state.guestReady.isEmpty && state.looksSinceRest > Self.looksMax
      let isStuck = !state.isEmpty && (state.turns == turns || isLate)
      return (isStuck ? state.helper() : nil, (state.turns, !state.isEmpty))
    }
    bring(helper)
    return answer
  }
}

/// Whether the calling operating-system thread is a carrier.
enum CurrentCarrier: UInt {
  /// One of the pool, which takes turns and sleeps.
  case ordinary = 1
  /// A thread with work of its own, which takes turns beside that.
  case guest

  /// The value is the address of the carriers plus the raw value; null when it is none.
  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    let status = unsafe pthread_key_create(&key, nil)
    precondition(status == 0, "the process has used up its keys for thread-specific values")
    return key
  }()

  /// What the calling thread is to `carriers`; nil when it is none of them.
  static func kind(in carriers: Carriers) -> CurrentCarrier? {
    let value = UInt(bitPattern: unsafe pthread_getspecific(key))
    return CurrentCarrier(rawValue: value &- UInt(bitPattern: ObjectIdentifier(carriers)))
  }

  /// The calling thread is one of `carriers` from now on, which live for as long; nil, that it is none.
  static func enter(_ carriers: Carriers, as kind: CurrentCarrier?) {
    let value = kind.map { UInt(bitPattern: ObjectIdentifier(carriers)) + $0.rawValue } ?? 0
    unsafe pthread_setspecific(key, UnsafeRawPointer(bitPattern: value))
  }

  /// Whether the calling thread is a carrier of anybody's.
  static var exists: Bool { unsafe pthread_getspecific(key) != nil }
}
