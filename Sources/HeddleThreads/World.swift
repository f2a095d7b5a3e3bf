internal import HeddleModel
internal import Synchronization

/// One model and all that follows from it: the process has one, and a test or a replay may have more.
///
/// Decisions fall inside the lock, by the kernel; what they demand is done after it, since it may run foreign code. The gates of
/// those that are to stop close inside: that runs nothing.
package final class World: Sendable {
  /// The process's own.
  static let shared = World(clock: .monotonic)
  /// The world of code outside any thread.
  @TaskLocal package static var outside = World.shared

  /// Where the calling code is.
  static var current: World { ThreadBody.current?.world ?? outside }

  /// Where the calling code is, and in which thread; nil outside of any.
  static var here: (world: World, caller: ThreadBody?) {
    let caller = ThreadBody.current
    return (caller?.world ?? outside, caller)
  }

  let clock: Clock
  let activity = Activity()
  let dates = DateAlarms()
  let carriers: Carriers
  let firstLook: @Sendable (_ count: Int) -> Int
  let report: @Sendable (any Error, LocalThread) -> Void
  private let rootID: CustodianID
  private let protected: Mutex<Protected>

  private struct Protected {
    var state: WorldState
    /// What the step that goes on demands so far; empty between steps, and used again for each.
    var effects: Kernel.Effects = []
  }

  /// - Parameters:
  ///   - carriers: what its threads execute on; on a single carrier, what they do has one order.
  ///   - firstLook: where a choice from so many events begins to look; a fair one draws it by lot.
  ///   - report: told of each error that ends a thread.
  package init(
    clock: Clock,
    carriers: Carriers = .shared,
    firstLook: @escaping @Sendable (_ count: Int) -> Int = Lots.draw,
    report: @escaping @Sendable (any Error, LocalThread) -> Void = UncaughtErrors.report
  ) {
    self.clock = clock
    self.carriers = carriers
    self.firstLook = firstLook
    self.report = report
    let state = WorldState()
    rootID = state.kernel.root
    protected = Mutex(Protected(state: state))
  }

  /// The custodian above all others. It can be shut down like any other.
  package var root: Custodian { Custodian(id: rootID, world: self) }

  // MARK: - Steps

  /// Asks the model something.
  func look<Answer: Sendable>(_ question: (borrowing WorldState) -> Answer) -> Answer {
    protected.withLock { question($0.state) }
  }

  /// Carries out one input of the model, and then what it demands.
  func step<Answer: Sendable>(
    _ input: (inout WorldState, inout Kernel.Effects) throws(Refusal) -> Answer
  ) throws(Refusal) -> Answer {
    let (answer, deeds) = decide(input)
    perform(deeds)
    return try answer.get()
  }

  /// As `step`, of `caller`; gives the orders to stop and to end that are not carried out yet or are its own, too.
  func stepStopping<Answer: Sendable>(
    by caller: ThreadID?,
    _ input: (inout WorldState, inout Kernel.Effects) throws(Refusal) -> Answer
  ) throws(Refusal) -> (answer: Answer, stops: [Deeds.Stop]) {
    let (answer, deeds) = decide(input)
    perform(deeds)
    return (try answer.get(), deeds.others?.unfinished(for: caller) ?? [])
  }

  /// A step that is never refused.
  func settle(_ input: (inout WorldState, inout Kernel.Effects) throws(Refusal) -> Void) {
    // What it is about may be gone by now: then there is nothing left to do.
    do { try step(input) } catch {}
  }

  /// What an input comes to. A refused one may have let something else happen before, such as time that went on.
  @inline(__always)
  private func decide<Answer: Sendable>(
    _ input: (inout WorldState, inout Kernel.Effects) throws(Refusal) -> Answer
  ) -> (Result<Answer, Refusal>, Deeds) {
    protected.withLock { protected in
      let answer: Result<Answer, Refusal>
      do throws(Refusal) { answer = .success(try input(&protected.state, &protected.effects)) } catch {
        answer = .failure(error)
      }
      guard !protected.effects.isEmpty || !protected.state.freed.isEmpty else { return (answer, Deeds()) }
      let deeds = protected.state.deeds(for: protected.effects)
      protected.effects.removeAll(keepingCapacity: true)
      return (answer, deeds)
    }
  }

  @inline(__always)
  private func perform(_ deeds: Deeds) {
    if let others = deeds.others { return perform(others, and: deeds.wake) }
    deeds.wake?()
  }

  private func perform(_ deeds: OtherDeeds, and wake: Resumption<Void>?) {
    // Whoever performs them may be no thread; what they set free in the end is under way from now on.
    activity.begin()
    defer { activity.end() }
    for stop in deeds.busy { stop.body.gate.whenQuiet { [self] in confirm([stop]) } }
    for body in deeds.alerts {
      body.alert()
      body.inbox.nudge()
    }
    wake?()
    for release in deeds.releases { perform(release) }
    for stop in deeds.busy where stop.order == .end { stop.body.unwind(since: .released) }
    for stop in deeds.stopped where stop.order == .end { stop.body.unwind() }
    for closing in deeds.closings { closing.close() }
    for call in deeds.calls { call() }
  }

  private func perform(_ release: Deeds.Release) {
    switch release {
    case .open(let body, let generation): body.gate.open(generation: generation)
    case .wake(let resumption): resumption()
    }
  }

  /// The bodies stand still, as they were told; no effect if that was said before.
  func confirm(_ stops: [Deeds.Stop]) {
    guard !stops.isEmpty else { return }
    settle { state, effects in for stop in stops { state.confirm(stop, effects: &effects) } }
    for stop in stops where stop.order == .end { stop.body.unwind(since: .dead) }
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
