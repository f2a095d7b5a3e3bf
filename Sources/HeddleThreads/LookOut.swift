internal import Synchronization

/// The operating-system thread that looks after the carriers while they work: each millisecond it sees whether a gate
/// waits that nobody takes, and whether a turn goes on that should have ended. It sleeps while nothing moves.
final class LookOut: Sendable {
  private enum Life: UInt8, AtomicRepresentable {
    case absent
    case watching
    case asleep
  }

  /// A turn that goes on although its thread was told to stop.
  private struct HeldUp {
    let gate: Gate
    let turn: UInt64
    /// By `monotonicNow`.
    let since: UInt64
  }

  /// How many carriers may stand in for others.
  private static let extrasMax = 64
  /// How long a turn may go on before another carrier stands in, in nanoseconds.
  private static let patience: UInt64 = 20_000_000
  /// How often it looks, in nanoseconds.
  private static let interval: UInt64 = 1_000_000
  /// After how many looks at nothing it goes to sleep.
  private static let quietLooksMax = 10

  private let life = Atomic(Life.absent)
  private let heldUp = Mutex<[HeldUp]>([])
  private let parker = Parker()

  /// Looks from now on, until nothing moves any more.
  func wake(for carriers: Carriers) {
    // Asked at most hops between threads. Whoever calls has changed what is looked at, inside a lock, so it sees `asleep`
    // if that was said before the last look.
    if life.load(ordering: .relaxed) == .watching { return }
    switch life.exchange(.watching, ordering: .acquiringAndReleasing) {
    case .watching: break
    case .asleep: parker.unpark()
    case .absent:
      // Without it, carriers may be woken late; nothing is lost, and the next call tries again.
      if !startDetachedThread({ [self] in run(for: carriers) }) { life.store(.absent, ordering: .releasing) }
    }
  }

  func watch(_ gate: Gate, turn: UInt64) {
    heldUp.withLock { turns in
      guard !turns.contains(where: { $0.gate === gate && $0.turn == turn }) else { return }
      turns.append(HeldUp(gate: gate, turn: turn, since: monotonicNow()))
    }
  }

  private func run(for carriers: Carriers) {
    var turns: UInt64 = 0
    var quietLooks = 0
    while true {
      parker.park(for: Self.interval)
      let held = countHeldUp()
      let seen = carriers.helpIfStuck(since: turns, extras: min(held.late, Self.extrasMax))
      quietLooks = seen.turns == turns && !seen.isBusy && held.all == 0 ? quietLooks + 1 : 0
      turns = seen.turns
      if quietLooks >= Self.quietLooksMax {
        sleep(unlessMoving: carriers, turns)
        quietLooks = 0
      }
    }
  }

  /// Whoever finds it asleep wakes it; so it looks once more after it said that it sleeps.
  private func sleep(unlessMoving carriers: Carriers, _ turns: UInt64) {
    life.store(.asleep, ordering: .releasing)
    let seen = carriers.helpIfStuck(since: turns, extras: 0)
    if !seen.isBusy, seen.turns == turns, heldUp.withLock(\.isEmpty) { parker.park() }
    life.store(.watching, ordering: .releasing)
  }

  private func countHeldUp() -> (all: Int, late: Int) {
    heldUp.withLock { turns in
      // Read inside the lock, as the turns' own times are, so it is not before any of them.
      let now = monotonicNow()
      turns.removeAll { !$0.gate.isExecuting(turn: $0.turn) }
      return (turns.count, turns.count { now - $0.since >= Self.patience })
    }
  }
}
