internal import HeddleModel
internal import Synchronization

/// What executes a thread: its task, behind its gate.
final class ThreadBody: Sendable {
  /// The thread whose task this is, also in child tasks; nil outside of any.
  @TaskLocal static var current: ThreadBody?

  /// How many operations of a thread may follow each other before it offers its turn to others.
  private static let stretch: UInt32 = 64

  let identity: ThreadIdentity
  let gate: Gate
  /// Set until the thread has looked: its gate is closing, it is killed, or a break is ready.
  private let hasNews = Atomic<Bool>(false)
  private let killed = Atomic<Bool>(false)
  /// The operations on executors other than the gate since the kill.
  private let lastWords = Atomic<Int>(0)
  private let abandoned = Atomic<Bool>(false)
  /// Of the `UnwindingCondition`s.
  private let fulfilled = Atomic<UInt8>(0)
  private let operations = Atomic<UInt32>(0)
  private let task = Mutex<Task<Void, Never>?>(nil)
  /// The address of the thread's own task, which tells it from its child tasks. 0 until it begins.
  private let ownTask = Atomic<UInt>(0)
  /// For the waits of the thread's own task; each child task has its own.
  let slot = WaitSlot()

  var id: ThreadID { identity.id }
  var world: World { identity.world }
  var inbox: Inbox { identity.inbox }
  var isKilled: Bool { killed.load(ordering: .acquiring) }

  /// The body of a new thread, which belongs to the caller's current group.
  ///
  /// - Parameter mailbox: how much mail it takes.
  init(id: ThreadID, world: World, mailbox: MailboxBounds = .unbounded) {
    identity = ThreadIdentity(id: id, world: world, mailbox: mailbox)
    gate = Gate(carriers: world.carriers, activity: world.activity, group: ThreadGroup.current.value)
  }

  // MARK: - Beginning and end

  /// Starts the body; `operation` is its whole life. Called once.
  ///
  /// - Parameter reportsError: whether an error that `operation` throws is reported, unless the thread was killed.
  func start(reportsError: Bool = false, _ operation: @escaping @Sendable () async throws -> Void) {
    // The task inherits the task-local values of this moment, and with them every parameter.
    let task = Self.$current.withValue(self) {
      Task(executorPreference: gate) { [self] in await run(operation, reportsError) }
    }
    self.task.withLock { $0 = task }
    // It may have been killed before there was a task.
    if isKilled { task.cancel() }
  }

  private func run(_ operation: @Sendable () async throws -> Void, _ reportsError: Bool) async {
    guard !isKilled else { return }
    unsafe withUnsafeCurrentTask { task in
      if let task = unsafe task { ownTask.store(unsafe unsafeBitCast(task, to: UInt.self), ordering: .relaxed) }
    }
    var end = BodyEnd.returned
    do { try await operation() } catch {
      end = .raised
      if reportsError, !isKilled { world.report(error, identity.handle) }
    }
    let finalEnd = end
    world.settle { $0.kernel.bodyEnded(id, finalEnd, effects: &$1) }
    task.withLock { $0 = nil }
  }

  /// No operation of the thread has an effect from now on.
  func markKilled() {
    killed.store(true, ordering: .releasing)
    alert()
  }

  /// What has to be true before a killed thread's task leaves.
  enum UnwindingCondition: UInt8 {
    case dead = 1
    /// Whatever its end sets free is free, so that all of its tasks that waited can leave at the same time.
    case released = 2
  }

  /// All conditions are fulfilled.
  func unwind() {
    unwind(since: .released)
    unwind(since: .dead)
  }

  /// One of the conditions is fulfilled. When both are, what is left of the thread's task may leave.
  func unwind(since condition: UnwindingCondition) {
    let (old, new) = fulfilled.bitwiseOr(condition.rawValue, ordering: .acquiringAndReleasing)
    let all = UnwindingCondition.dead.rawValue | UnwindingCondition.released.rawValue
    guard new == all, old != new else { return }
    task.withLock { $0 }?.cancel()
    gate.unwind { [weak self] in self?.abandon() }
  }

  /// It is dead and did not leave: this is counted and reported, once.
  private func abandon() {
    if !abandoned.exchange(true, ordering: .relaxed) { Abandoned.add(identity) }
  }

  /// Whether the caller is the thread's own task, and nobody has cancelled that.
  var isInOwnTask: Bool {
    unsafe withUnsafeCurrentTask { task in
      guard let task = unsafe task, unsafe !task.isCancelled else { return false }
      return ownTask.load(ordering: .relaxed) == (unsafe unsafeBitCast(task, to: UInt.self))
    }
  }

  // MARK: - Safe points

  /// Makes the thread look at its gate and its breaks at its next operation.
  func alert() { hasNews.store(true, ordering: .releasing) }

  /// Whether the thread passes the safe point where it stands at once. To be asked once for each operation.
  @inline(__always)
  var isUndisturbed: Bool {
    // Child tasks take turns, so nothing is lost but a count now and then, when some are elsewhere.
    let count = operations.load(ordering: .relaxed) &+ 1
    operations.store(count, ordering: .relaxed)
    return count % Self.stretch != 0 && !hasNews.load(ordering: .acquiring)
  }

  /// Whether the caller, which has passed a safe point in this turn, may act without asking the model whether it may. Whoever
  /// stops the thread waits for the end of the turn; elsewhere, on another executor, it may have been stopped since.
  @inline(__always)
  var isInTurn: Bool { CurrentTurn.isOf(gate) }

  /// Suspends the thread's own task until there may be mail.
  ///
  /// - Throws: `Killed`.
  func awaitMail() async throws {
    await inbox.arrival(unless: { hasNews.load(ordering: .acquiring) })
    if isKilled { throw await killedError() }
  }

  /// Where the thread may be stopped, broken and ended. Called before every operation on the model.
  ///
  /// - Throws: `Killed`, `BreakError`; `ThreadError` with `threadDead` to what goes on after the thread has ended.
  @inline(__always)
  func safePoint() async throws { if !isUndisturbed { try await attend() } }

  /// As `safePoint()`, but a break that is ready stays so for the next one, and the turn is kept.
  ///
  /// - Throws: `Killed`; `ThreadError` with `threadDead`, as `safePoint()`.
  func standStill() async throws {
    guard hasNews.load(ordering: .acquiring) else { return }
    await gate.pass()
    let isDead = world.look { (try? $0.kernel.isDead(id)) ?? true }
    if isKilled { throw await killedError() }
    if isDead { throw ThreadError.ended(id) }
  }

  /// Stops here for as long as the gate is closed, and lets others go first if they wait.
  ///
  /// - Throws: as `safePoint()`.
  func attend() async throws {
    if hasNews.exchange(false, ordering: .acquiringAndReleasing) || gate.isAwaited { await gate.pass() }
    let kind = takeBreak()
    // Only now, since it may have been killed meanwhile: then it is as dead as one that has ended, but leaves in another way.
    if isKilled { throw await killedError() }
    switch kind {
    case .success(nil): break
    case .success(let kind?): throw BreakError(BreakKind(kind))
    case .failure: throw ThreadError.ended(id)
    }
  }

  /// The break to raise here, if there is one. Fails when the thread is dead, and only an unstructured task of it goes on.
  private func takeBreak() -> Result<HeddleModel.BreakKind?, Refusal> {
    Result { () throws(Refusal) in
      try world.step { (state, _) throws(Refusal) in
        if try state.kernel.isDead(id) { throw .threadDead(id) }
        return state.kernel.takeBreak(of: id)
      }
    }
  }

  /// What a killed thread throws, unless it has done so too often: then this never returns.
  ///
  /// The gate counts the turns of what executes there, one for each operation. What has an executor of its own, such as
  /// the main actor's, is counted here.
  func killedError() async -> Killed {
    alert()
    if !gate.isExecuting, lastWords.wrappingAdd(1, ordering: .relaxed).newValue > Unwinding.turnsMax {
      abandon()
      await Resumption<Void>.suspend { _ in }
    }
    return Killed()
  }
}
