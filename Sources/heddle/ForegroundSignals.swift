internal import Glibc
internal import HeddleClient
internal import HeddleLoop
internal import HeddleModel
internal import HeddleWire

/// What signals to this process do to a thread in the foreground. SIGINT, SIGHUP and SIGTERM become breaks, a second SIGINT
/// within two seconds kills it, and it stands still while this process does, as Ctrl-Z asks.
actor ForegroundSignals {
  private let thread: ThreadID
  private let input: InputThread
  private let supervisor: Supervisor
  private var watchers: [SignalWatcher] = []
  private var stopSignal: StopSignal?
  private var isStopping = false
  private var lastInterrupt: Duration?
  private var hasKilled = false

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe supervisor.loop.asUnownedSerialExecutor() }

  /// - Parameter input: is told when this process goes on.
  init(for thread: ThreadID, _ input: InputThread, over supervisor: Supervisor) async throws(LoopError) {
    self.thread = thread
    self.input = input
    self.supervisor = supervisor
    try watch()
  }

  private func watch() throws(LoopError) {
    let (input, loop) = (input, supervisor.loop)
    // As nohup(1) wants it, a hang-up is nothing.
    let isImmune = StopSignal.isIgnored(SIGHUP)
    for (number, kind) in [(SIGINT, BreakKind.interrupt), (SIGHUP, .hangUp), (SIGTERM, .terminate)]
    where number != SIGHUP || !isImmune {
      watchers.append(try SignalWatcher(number, on: loop) { self.assumeIsolated { $0.came(kind) } })
    }
    watchers.append(try SignalWatcher(SIGCONT, on: loop) { input.goesOn() })
    stopSignal = StopSignal(on: loop) { self.assumeIsolated { $0.isToStop() } }
  }

  private func came(_ kind: BreakKind) {
    let (supervisor, thread) = (supervisor, ThreadReference.id(thread))
    let isUrgent = kind == .interrupt && lastInterrupt.map { EventLoop.now - $0 < .seconds(2) } ?? false
    if kind == .interrupt { lastInterrupt = EventLoop.now }
    if isUrgent { hasKilled = true }
    // What fails here fails the wait for the thread, too.
    Task {
      if isUrgent { _ = try await supervisor.kill(thread) } else { try await supervisor.sendBreak(kind, to: thread) }
    }
  }

  private func isToStop() {
    guard !isStopping else { return }
    isStopping = true
    Task { await stop() }
  }

  /// The thread is suspended before this process stops, and resumed when it goes on; one that somebody else has suspended stays
  /// so.
  private func stop() async {
    let thread = ThreadReference.id(thread)
    let isRunning = (try? await supervisor.find(thread).state) == .running
    if isRunning { try? await supervisor.suspend(thread) }
    stopSignal?.stop()
    if isRunning { try? await supervisor.resume(thread) }
    isStopping = false
  }

  /// - Returns: whether it had the thread killed.
  func close() -> Bool {
    for watcher in watchers { watcher.close() }
    watchers = []
    stopSignal?.close()
    stopSignal = nil
    return hasKilled
  }
}
