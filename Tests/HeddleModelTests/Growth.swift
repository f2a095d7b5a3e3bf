import Foundation

/// How much dearer one item is among many than among few: near 1 when the work is linear, near 100 when it is quadratic.
///
/// Each duration is the least of five, and the processor's alone, so that what else the machine does counts little.
func growth(_ work: (_ items: Int) -> Void) -> Double {
  let (few, many) = (1_000, 100_000)
  return leastDuration(of: { work(many) }) / leastDuration(of: { work(few) }) / Double(many / few)
}

private func leastDuration(of work: () -> Void) -> Double {
  let durations = (0..<5).map { _ in
    let start = processorNanoseconds()
    work()
    return Double(processorNanoseconds() - start)
  }
  return durations.reduce(durations[0], min)
}

/// How long the processor has worked for the calling thread so far.
private func processorNanoseconds() -> Int {
  var time = timespec()
  unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return time.tv_sec * 1_000_000_000 + time.tv_nsec
}
