internal import CLibuv
internal import Glibc
internal import Synchronization

#if !os(Linux)
#error("heddle's supervisor runs on Linux alone: its keeper needs Linux's process calls")
#endif

/// One thread that waits for the operating system through libuv, and the executor of the actors that live on it.
///
/// An actor moves in by answering with the loop:
/// ```swift
/// actor Reactor {
///   nonisolated let loop: EventLoop
///   nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
/// }
/// ```
/// It then makes handles (`Timer`, `ByteStream`, ...) in its own isolation; their callbacks come on the loop's thread,
/// one at a time, so a closure made in the actor may touch the actor's state.
///
/// **Order.** Work from other threads runs in the order of its arrival, in batches, between polls; I/O is looked at
/// after at most 16 batches. Work that the loop gives itself costs no system call.
///
/// **End.** A loop must be stopped, also one that never ran; until then its thread and its memory stay. Work that comes
/// after the stop still runs, one piece at a time, elsewhere: it finds all handles closed, and a `LoopError` in place of
/// each new one, so no task is left hanging.
@safe package final class EventLoop: SerialExecutor, TaskExecutor {
  /// Who runs the loop.
  private enum Life {
    /// Nobody so far.
    case idle
    /// The thread that called `run()`.
    case borrowed
    /// A thread of its own, not joined yet.
    case owned(pthread_t)
    /// Nobody any more, or a thread that has been joined.
    case over
  }

  private let queue = JobQueue()
  /// The thread whose turn it is to run work, as pthread_self(3) has it, or 0.
  private let owner = Atomic<UInt>(0)
  private let life = Mutex(Life.idle)
  private let ended = Gate()

  // Confined to the thread in `owner`, which `core` checks; the turn passes from thread to thread under the queue's lock.
  // The exception is `wake()`, which any thread may call; the queue calls it only before the loop has ended.
  private nonisolated(unsafe) let confined: RawLoop

  /// The loop's insides, on the loop.
  var core: RawLoop {
    preconditionOnLoop()
    return unsafe confined
  }

  /// A loop that is not running yet; work may be enqueued already. Call `run()`.
  package init() throws(LoopError) { unsafe confined = try RawLoop() }

  /// A loop that runs on a thread of its own.
  package static func start() throws(LoopError) -> EventLoop {
    let loop = try EventLoop()
    do throws(LoopError) { try loop.startThread() } catch {
      loop.stop()
      throw error
    }
    return loop
  }

  // MARK: Running

  /// Runs the loop on the calling thread until it is stopped; then every handle is closed.
  ///
  /// The thread has SIGPIPE blocked from here on.
  package func run() {
    life.withLock { life in
      guard case .idle = life else { preconditionFailure("a loop runs once, on one thread") }
      life = .borrowed
    }
    runToEnd()
    life.withLock { $0 = .over }
    ended.open()
  }

  private func startThread() throws(LoopError) {
    let context = unsafe Unmanaged.passRetained(self)
    try life.withLock { (life) throws(LoopError) in
      var thread = pthread_t()
      let status = unsafe pthread_create(
        &thread,
        nil,
        { context in
          guard let context = unsafe context else { return nil }
          let loop = unsafe Unmanaged<EventLoop>.fromOpaque(context).takeRetainedValue()
          loop.runToEnd()
          loop.ended.open()
          return nil
        },
        context.toOpaque()
      )
      guard status == 0 else {
        unsafe context.release()
        throw LoopError(code: status, attempt: "start the thread of an event loop")
      }
      life = .owned(thread)
    }
  }

  private func runToEnd() {
    Self.blockBrokenPipeSignal()
    owner.store(Self.currentThread, ordering: .relaxed)
    core.onBeforePoll = { [unowned self] in beforePoll() }
    core.onAfterPoll = { [unowned self] in runWork() }
    core.run()
    // With the reader awake the queue sends no wake-up any more, so that the wake-up can be closed with the rest.
    runWork()
    core.close()
    runLeftovers()
  }

  /// Makes a write to a peer that is gone fail with EPIPE, which is all that we want to know.
  ///
  /// The signal goes to the thread that writes (signal(7)), so it is blocked there, and the process's action for it, which
  /// is not ours to change, stays. libuv gives a child an empty mask.
  private static func blockBrokenPipeSignal() {
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe sigaddset(&signals, SIGPIPE)
    unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
  }

  /// Asks the loop to stop, after the work that is in its queue. Returns at once; any thread may ask, also the loop's.
  package func requestStop() {
    perform { [self] in core.stop() }
  }

  /// Stops the loop and returns when every handle is closed and the loop's own thread has been joined.
  ///
  /// Not to be called on the loop itself, which cannot wait for its own end: there, `requestStop()`. A loop that nobody has
  /// run yet runs here, for as long as its end takes; that was its run.
  package func stop() {
    precondition(!isOnLoop, "a loop cannot wait for its own end; requestStop() is the call on the loop")
    requestStop()
    if life.withLock({ if case .idle = $0 { true } else { false } }) { run() }
    ended.wait()
    let joinable: pthread_t? = life.withLock { life in
      guard case .owned(let thread) = life else { return nil }
      life = .over
      return thread
    }
    if let joinable { pthread_join(joinable, nil) }
  }

  // MARK: Work

  /// Runs `work` on the loop, after all work that is queued.
  package func perform(_ work: @escaping @Sendable () -> Void) { enqueue(.block(work)) }

  /// Has `work` called, on the loop, whenever there is nothing else to do and before the loop sleeps. It says whether it has
  /// more to do; then it is called again soon. Called on the loop.
  package func carry(_ work: @escaping () -> Bool) { core.carry = work }

  package func enqueue(_ job: consuming ExecutorJob) { enqueue(.job(UnownedJob(job))) }

  private func enqueue(_ work: Work) {
    let lostItsReader = queue.append(work) { unsafe confined.wake() }
    if lostItsReader { continueElsewhere() }
  }

  /// Runs what is queued, a bounded number of times, and lets the loop sleep only if nothing is left.
  private func beforePoll() {
    for _ in 0..<16 {
      if let carry = core.carry {
        runWork()
        if carry() { continue }
      }
      if !runWork(ifEmpty: .asleep) { return core.stayAwake(false) }
    }
    core.stayAwake(true)
  }

  /// Runs what is queued now, though not what that work adds.
  ///
  /// - Returns: whether there was any.
  @discardableResult
  private func runWork(ifEmpty rest: JobQueue.Reader = .awake) -> Bool {
    guard queue.take(&core.batch, ifEmpty: rest) else { return false }
    for work in core.batch {
      switch work {
      case .job(let job):
        unsafe job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
      case .block(let block): block()
      }
    }
    core.batch.removeAll(keepingCapacity: true)
    return true
  }

  /// Runs what is left after the loop's end, on a thread that takes the turn for it, and gives up the turn.
  private func runLeftovers() {
    let me = Self.currentThread
    owner.store(me, ordering: .relaxed)
    var isEmpty = false
    for _ in 0..<16 where !isEmpty { isEmpty = !runWork(ifEmpty: .gone) }
    // If the queue is empty another thread may have taken the turn already.
    _ = owner.compareExchange(expected: me, desired: 0, ordering: .relaxed)
    // Work that goes on giving itself work holds up neither the loop's end nor the pool's thread.
    if !isEmpty { continueElsewhere() }
  }

  private func continueElsewhere() { Task.detached { self.runLeftovers() } }

  // MARK: Confinement

  /// Whether the calling thread is the one that runs the loop's work.
  package var isOnLoop: Bool { owner.load(ordering: .relaxed) == Self.currentThread }

  /// Traps unless called on the loop.
  package func preconditionOnLoop() {
    precondition(isOnLoop, "handles of an event loop are used on that loop only")
  }

  package func isIsolatingCurrentContext() -> Bool? { isOnLoop }

  package func checkIsolated() { preconditionOnLoop() }

  package func asUnownedSerialExecutor() -> UnownedSerialExecutor { unsafe UnownedSerialExecutor(ordinary: self) }

  private static var currentThread: UInt { UInt(pthread_self()) }

  // MARK: Time

  /// The time since some fixed moment in the past (CLOCK_MONOTONIC, clock_gettime(2)). From any thread.
  package static var now: Duration { .nanoseconds(Int64(nanoseconds)) }

  /// The same in nanoseconds.
  package static var nanoseconds: UInt64 { uv_hrtime() }

  /// The same, of a clock that goes on while the machine sleeps (CLOCK_BOOTTIME, clock_gettime(2)).
  package static var bootNanoseconds: UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_BOOTTIME, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
