internal import HeddleModel
internal import Synchronization

/// What executes a thread: its task, behind its gate.
final class ThreadBody: Sendable {
  /// The thread whose task this is, also in child tasks; nil outside of any.
  @TaskLocal static var current: ThreadBody?

  /// How many operations of a killed thread throw; the one after them never returns.
  static let lastWordsMax = 64
  /// How many operations of a thread may follow each other before it offers its turn to others.
  private static let stretch: UInt32 = 64

  let identity: ThreadIdentity
  let gate: Gate
  /// Set until the thread has looked: its gate is closing, it is killed, or a break is ready.
  private let hasNews = Atomic<Bool>(false)
  private let killed = Atomic<Bool>(false)
  private let lastWords = Atomic<Int>(0)
  private let operations = Atomic<UInt32>(0)
  private let task = Mutex<Task<Void, Never>?>(nil)
  /// The address of the thread's own task, which tells it from its child tasks. 0 until it begins.
  private let ownTask = Atomic<UInt>(0)
  /// For the waits of the thread's own task; each child task has its own.
  let slot = WaitSlot()

  var id: ThreadID { identity.id }
  var world: World { identity.world }
  var isKilled: Bool { killed.load(ordering: .acquiring) }

  init(id: ThreadID, world: World) {
    identity = ThreadIdentity(id: id, world: world)
    gate = Gate(carriers: world.carriers, activity: world.activity)
  }

  // MARK: - Beginning and end

  /// Starts the body; `operation` is its whole life. Called once.
  ///
  /// - Parameter report: told of an error that `operation` throws, unless the thread was killed.
  func start(
    _ operation: @escaping @Sendable () async throws -> Void,
    report: @escaping @Sendable (any Error) -> Void
  ) {
    // The task inherits the task-local values of this moment, and with them every parameter.
    let task = Self.$current.withValue(self) {
      Task(executorPreference: gate) { [self] in await run(operation, report) }
    }
    self.task.withLock { $0 = task }
    // It may have been killed before there was a task.
    if isKilled { task.cancel() }
  }

  private func run(_ operation: @Sendable () async throws -> Void, _ report: @Sendable (any Error) -> Void) async {
    guard !isKilled else { return }
    unsafe withUnsafeCurrentTask { task in
      if let task = unsafe task { ownTask.store(unsafe unsafeBitCast(task, to: UInt.self), ordering: .relaxed) }
    }
    var end = BodyEnd.returned
    do { try await operation() } catch {
      end = .raised
      if !isKilled { report(error) }
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

  /// The thread is dead: what is left of its task may leave.
  func unwind() {
    task.withLock { $0 }?.cancel()
    gate.open(generation: .max)
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

  /// Where the thread may be stopped, broken and ended. Called before every operation on the model.
  ///
  /// - Throws: `Killed`, `BreakError`.
  @inline(__always)
  func safePoint() async throws { if !isUndisturbed { try await attend() } }

  /// Stops here for as long as the gate is closed, and lets others go first if they wait.
  ///
  /// - Throws: `Killed`, `BreakError`.
  func attend() async throws {
    if hasNews.exchange(false, ordering: .acquiringAndReleasing) || gate.isAwaited { await gate.pass() }
    if isKilled { throw await killedError() }
    if let kind = try takeBreak() { throw BreakError(BreakKind(kind)) }
  }

  private func takeBreak() throws -> HeddleModel.BreakKind? {
    try? world.step { (state, _) throws(Refusal) in state.kernel.takeBreak(of: id) }
  }

  /// What a killed thread throws, unless it has done so too often: then this never returns.
  func killedError() async -> Killed {
    alert()
    if lastWords.wrappingAdd(1, ordering: .relaxed).newValue > Self.lastWordsMax {
      Abandoned.add(identity)
      await Resumption<Void>.suspend { _ in }
    }
    return Killed()
  }
}
