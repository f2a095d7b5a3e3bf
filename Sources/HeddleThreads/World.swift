internal import HeddleModel
internal import Synchronization

/// One model and all that follows from it: the process has one, and a test or a replay may have more.
///
/// Decisions fall inside the lock, by the kernel; what they demand is done after it, since it may run foreign code.
package final class World: Sendable {
  /// The process's own.
  static let shared = World(clock: .monotonic)
  /// The world of code outside any thread.
  @TaskLocal package static var outside = World.shared

  /// Where the calling code is.
  static var current: World { ThreadBody.current?.world ?? outside }

  let clock: Clock
  let activity = Activity()
  let dates = DateAlarms()
  let carriers: Carriers
  let firstLook: @Sendable (_ count: Int) -> Int
  let report: @Sendable (any Error, LocalThread) -> Void
  private let state = Mutex(WorldState())

  /// - Parameters:
  ///   - carriers: what its threads execute on; on a single carrier, what they do has one order.
  ///   - firstLook: where a choice from so many events begins to look; a fair one draws it by lot.
  ///   - report: told of each error that ends a thread.
  package init(
    clock: Clock,
    carriers: Carriers = .shared,
    firstLook: @escaping @Sendable (_ count: Int) -> Int = { Int.random(in: 0..<$0) },
    report: @escaping @Sendable (any Error, LocalThread) -> Void = UncaughtErrors.report
  ) {
    self.clock = clock
    self.carriers = carriers
    self.firstLook = firstLook
    self.report = report
  }

  /// The custodian above all others. It can be shut down like any other.
  package var root: Custodian { Custodian(id: look { $0.kernel.root }, world: self) }

  // MARK: - Steps

  /// Asks the model something.
  func look<Answer: Sendable>(_ question: (borrowing WorldState) -> Answer) -> Answer {
    state.withLock { question($0) }
  }

  /// Carries out one input of the model, and then what it demands.
  func step<Answer: Sendable>(
    _ input: (inout WorldState, inout Kernel.Effects) throws(Refusal) -> Answer
  ) throws(Refusal) -> Answer {
    try stepStopping(input).answer
  }

  /// As `step`; gives the bodies that were told to stop or to end, too.
  func stepStopping<Answer: Sendable>(
    _ input: (inout WorldState, inout Kernel.Effects) throws(Refusal) -> Answer
  ) throws(Refusal) -> (answer: Answer, stopped: [ThreadBody]) {
    let (answer, deeds) = try state.withLock { (state) throws(Refusal) -> (Answer, Deeds) in
      var effects: Kernel.Effects = []
      let answer = try input(&state, &effects)
      return (answer, effects.isEmpty ? Deeds() : state.deeds(for: effects))
    }
    perform(deeds)
    return (answer, deeds.stops.map(\.body))
  }

  /// A step that is never refused.
  func settle(_ input: (inout WorldState, inout Kernel.Effects) throws(Refusal) -> Void) {
    // What it is about may be gone by now: then there is nothing left to do.
    do { try step(input) } catch {}
  }

  private func perform(_ deeds: Deeds) {
    // First, so that nobody who is to stop goes on because of what follows.
    for stop in deeds.stops { perform(stop) }
    for body in deeds.alerts { body.alert() }
    for release in deeds.releases { perform(release) }
    for stop in deeds.stops where stop.order == .end { stop.body.unwind(since: .released) }
    for closing in deeds.closings { closing.close() }
  }

  private func perform(_ release: Deeds.Release) {
    switch release {
    case .open(let body, let generation):
      // Said first, since the thread may be over before it could be said later.
      settle { $0.kernel.bodyRunning(body.id, generation: generation, effects: &$1) }
      body.gate.open(generation: generation)
    case .wake(let resumption, let outcome): resumption(outcome)
    }
  }

  /// Carries out an order; no effect if it was carried out before.
  func perform(_ stop: Deeds.Stop) {
    let body = stop.body
    body.alert()
    switch stop.order {
    case .standStill(let generation):
      body.gate.close(generation: generation) { [self] in
        settle { $0.kernel.bodyStopped(body.id, generation: generation, effects: &$1) }
      }
    case .end:
      body.gate.close(generation: .max - 1) { [self] in
        settle { $0.kernel.bodyEnded(body.id, .killed, effects: &$1) }
        body.unwind(since: .dead)
      }
    }
  }

  // MARK: - Time

  /// Lets the model see what time it is.
  ///
  /// - Returns: when it has to be told again, by the clock; nil when nothing waits for time.
  func tick() -> UInt64? {
    let now = clock.now()
    settle { $0.kernel.advance(to: now, effects: &$1) }
    let alarms = [look { $0.kernel.nextAlarm }, dates.ring(at: clock.date()).map { clock.instant(in: $0) }]
    return alarms.compactMap { $0?.nanoseconds }.min()
  }

  /// Somebody waits for a date.
  func lookAtDates() {
    if let next = dates.ring(at: clock.date()) { clock.wake(self, at: clock.instant(in: next)) }
  }
}
