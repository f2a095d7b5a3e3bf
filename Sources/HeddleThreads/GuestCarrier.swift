#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

/// A carrier that has work of its own: an operating-system thread that waits for something else, such as an event loop, and
/// executes in between what that has made ready. So what follows from its events costs no wake-up of another thread.
///
/// What is made ready on this thread is left to it, and nothing else; others help when gates wait all the time. A turn that takes long
/// keeps the thread from its own work: then the guest takes no turns for sixteen times as long, and the other carriers
/// do. So computing threads hold up the thread's own work for a seventeenth of the time at most.
package final class GuestCarrier {
  /// How long a turn may take without consequences, in nanoseconds.
  private static let longTurn: UInt64 = 1_000_000
  /// How many turns are taken before the thread looks after its own work.
  private static let turnsMax = 64

  private let carriers: Carriers
  /// By `monotonicNow`; until then the guest takes no turns.
  private var restsUntil: UInt64 = 0

  /// A guest beside `carriers`. Made and used on one thread.
  package init(of carriers: Carriers = .shared) {
    self.carriers = carriers
    CurrentCarrier.enter(carriers, as: .guest)
  }

  /// Takes turns while there are any, for a while.
  ///
  /// - Returns: whether there may be more.
  package func work() -> Bool {
    if restsUntil > 0, isResting() { return false }
    var first: Moment?
    var start: UInt64 = 0
    for _ in 0..<Self.turnsMax {
      guard let gate = carriers.nextForGuest() else { return false }
      let begin = first ?? Moment()
      if first == nil { (first, start) = (begin, begin.time) }
      gate.takeTurn()
      let end = monotonicNow()
      if end - start > Self.longTurn, Moment().isBusy(for: Self.longTurn, since: begin, but: start - begin.time) {
        rest(since: end, for: 16 * (end - start))
        return false
      }
      start = end
    }
    return true
  }

  private func rest(since now: UInt64, for length: UInt64) {
    restsUntil = now + length
    CurrentCarrier.enter(carriers, as: nil)
    carriers.takeOver()
  }

  private func isResting() -> Bool {
    if monotonicNow() < restsUntil { return true }
    restsUntil = 0
    CurrentCarrier.enter(carriers, as: .guest)
    return false
  }
}

/// What the calling thread had used up at some time.
private struct Moment {
  /// By `monotonicNow`.
  let time = monotonicNow()
  #if !canImport(Darwin)
  private let usage: rusage = {
    var usage = rusage()
    // The calling thread alone (getrusage(2), RUSAGE_THREAD).
    unsafe getrusage(__rusage_who_t(1), &usage)
    return usage
  }()
  #endif

  /// Whether the thread has computed for more than `nanoseconds` since `start`, but for the first `others`, or has waited for
  /// something. A thread that only had to wait for a processor has done neither.
  func isBusy(for nanoseconds: UInt64, since start: Moment, but others: UInt64) -> Bool {
    #if canImport(Darwin)
    return true
    #else
    let hasWaited = usage.ru_nvcsw > start.usage.ru_nvcsw
    return hasWaited || usage.computed > start.usage.computed + nanoseconds + others
    #endif
  }
}

#if !canImport(Darwin)
extension rusage {
  /// In nanoseconds.
  fileprivate var computed: UInt64 {
    UInt64(ru_utime.tv_sec + ru_stime.tv_sec) * 1_000_000_000 + UInt64(ru_utime.tv_usec + ru_stime.tv_usec) * 1_000
  }
}
#endif
