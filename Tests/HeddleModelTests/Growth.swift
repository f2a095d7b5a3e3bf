/// How much dearer one item is among many than among few: near 1 when the work is linear, near 100 when it is quadratic.
///
/// Each duration is the least of five, so that what else the machine does counts little.
func growth(_ work: (_ items: Int) -> Void) -> Double {
  let (few, many) = (1_000, 100_000)
  return leastDuration(of: { work(many) }) / leastDuration(of: { work(few) }) / Double(many / few)
}

private func leastDuration(of work: () -> Void) -> Double {
  let durations = (0..<5).map { _ in ContinuousClock().measure(work) }
  return durations.reduce(durations[0], min) / .nanoseconds(1)
}
