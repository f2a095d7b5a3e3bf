import DequeModule

/// The thread model as a value: custodians, threads, breaks, and the waits for what happens to them.
///
/// One method an input; what is to be done about it goes, in order, to the end of `effects`. The same inputs give the
/// same effects on every run. No input traps: what can't be done throws a `Refusal` and changes nothing, or has no
/// effect where the model says so. Mail itself is outside, in a `Mailbox` for each thread; the kernel counts it.
///
/// Bodies answer late: between the decision to end a thread and the input `bodyEnded` the thread is *ending*. A body
/// that stops at once is one whose shell gives the answer while it carries out the effects of the same step.
package struct Kernel: Equatable, Codable, Sendable {
  package typealias Effects = [Effect]

  package internal(set) var custodians = CustodianTree()
  package internal(set) var threads = IDTable<ThreadID, ThreadRecord>()
  /// For each thread, under the same identifier.
  package internal(set) var ties = IDTable<ThreadID, ThreadTies>()
  var waits = IDTable<WaitID, Wait>()
  var semaphores = IDTable<SemaphoreID, Semaphore>()
  var channels = IDTable<ChannelID, Channel>()
  var nacks = IDTable<NackID, Nack>()
  var alarms = AlarmQueue()
  /// The last instant that the shell handed in.
  package internal(set) var now = Instant(nanoseconds: 0)
  /// How many times a wait has queued at its sources.
  var lastTicket: UInt64 = 0
  /// The waits to look at again before this step ends; empty between steps.
  var agenda: Deque<WaitID> = []

  /// The world with a root custodian and no thread.
  package init() {}

  // MARK: - Custodians

  package var root: CustodianID { custodians.root }

  /// Makes a custodian directly below `parent`. Racket: `make-custodian`.
  package mutating func makeCustodian(below parent: CustodianID) throws(Refusal) -> CustodianID {
    try custodians.make(below: parent)
  }

  /// The live threads and the custodians that `custodian` manages directly. Racket: `custodian-managed-list`.
  ///
  /// - Parameter caller: the custodian in whose name it is asked, which has to be strictly above (CU-16).
  package func managedList(
    of custodian: CustodianID,
    by caller: CustodianID
  ) throws(Refusal) -> (threads: [ThreadID], custodians: [CustodianID]) {
    guard try !custodians.isShutDown(custodian), let record = custodians[custodian] else { return ([], []) }
    guard custodian != caller, custodians.isAtOrBelow(custodian, caller) else {
      throw .notAbove(custodian: custodian, caller: caller)
    }
    return (record.members.members, record.children.members.filter { custodians[$0]?.isShutDown == false })
  }

  // MARK: - Threads

  /// Makes a thread that is managed by `custodian` and runs. Its body is the shell's to start. Racket: `thread`,
  /// `thread/suspend-to-kill`.
  ///
  /// - Parameter breaksEnabled: as in its creator (TH-28).
  package mutating func makeThread(
    under custodian: CustodianID,
    suspendsOnKill: Bool = false,
    breaksEnabled: Bool = true
  ) throws(Refusal) -> ThreadID {
    try custodians.requireOpen(custodian)
    let thread = threads.insert(
      ThreadRecord(suspendsOnKill: suspendsOnKill, breaks: BreakState(areEnabled: breaksEnabled))
    )
    _ = ties.insert(ThreadTies(custodian: custodian))
    custodians.modify(custodian) { $0?.members.append(thread) }
    return thread
  }

  /// Drops the record of a thread that is dead or was given up: from now on its identifier is gone. No effect on any
  /// other.
  package mutating func forget(_ thread: ThreadID) {
    guard let record = threads.look(thread, \.self) else { return }
    if case .dead = record.life.phase {} else if !record.isGivenUp { return }
    threads.remove(thread)
    ties.remove(thread)
  }

  /// Neither dead nor suspended. Racket: `thread-running?`.
  package func isRunning(_ thread: ThreadID) throws(Refusal) -> Bool { try phase(of: thread) == .running }

  /// Whether it can never act again. Racket: `thread-dead?`.
  package func isDead(_ thread: ThreadID) throws(Refusal) -> Bool {
    if case .dead = try phase(of: thread) { true } else { false }
  }

  package func phase(of thread: ThreadID) throws(Refusal) -> ThreadLife.Phase {
    if let phase = threads.look(thread, \.life.phase) { return phase }
    throw missing(thread)
  }

  /// The event of `kind` that the thread has now: the same value until the thread's state changes.
  package func event(_ kind: StateEvent.Kind, of thread: ThreadID) throws(Refusal) -> StateEvent {
    if let record = threads[thread] {
      return StateEvent(thread: thread, kind: kind, generation: record.life.eventGeneration(kind))
    }
    guard threads.wasUsed(thread) else { throw missing(thread) }
    return StateEvent(thread: thread, kind: kind, generation: kind == .death ? 0 : StateEvent.never)
  }

  func missing(_ thread: ThreadID) -> Refusal {
    threads.wasUsed(thread) ? .threadGone(thread) : .noSuchThread(thread)
  }

  func requireThread(_ thread: ThreadID) throws(Refusal) {
    if !threads.contains(thread) { throw missing(thread) }
  }

  /// Throws unless every manager of `thread` is `caller` or below it (SR-05). A thread without managers is anybody's
  /// (SR-44).
  package func requireAuthority(_ caller: CustodianID, over thread: ThreadID) throws(Refusal) {
    _ = try custodians.isShutDown(caller)
    for manager in ties.look(thread, \.custodians) ?? [] where !custodians.isAtOrBelow(manager, caller) {
      throw .notAuthorised(thread: thread, manager: manager, caller: caller)
    }
  }
}
