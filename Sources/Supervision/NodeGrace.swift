internal import HeddleModel
internal import HeddleWire

// The grace of a custodian's shutdown: its threads are asked to end before they are ended.

/// How long threads have to end by themselves.
struct Grace: Equatable, Sendable {
  private enum Stage: Equatable {
    /// They were asked by a break.
    case asked
    /// They were sent SIGTERM, too.
    case terminated
  }

  private var stage = Stage.asked
  private let halfTime: Instant
  private let end: Instant
  /// The threads that were asked and are not dead.
  var waitingFor: Set<ThreadID>

  init(from start: Instant, for duration: Duration, _ threads: Set<ThreadID>) {
    halfTime = start + duration / 2
    end = start + duration
    waitingFor = threads
  }

  /// When it has something to do next.
  var deadline: Instant { stage == .asked ? halfTime : end }

  func left(at now: Instant) -> Duration { end - now }

  /// What is due.
  ///
  /// - Returns: the stage that has begun; nil when nothing is due.
  mutating func timePassed(to now: Instant) -> GraceStage? {
    if end <= now { return .over }
    guard stage == .asked, halfTime <= now else { return nil }
    stage = .terminated
    return .terminated
  }
}

extension Node {
  /// Asks the threads of a custodian to end, and shuts it down when they have, or when the time is up.
  mutating func beginGrace(
    of id: CustodianID,
    for duration: Duration,
    _ client: ShutdownJob.Client,
    effects: inout Effects
  ) {
    // Who comes while one goes on waits with the others.
    if let index = shutdowns.firstIndex(where: { $0.custodian == id }) {
      shutdowns[index].clients.append(client)
      return
    }
    let threads = kernel.shutdownOutcome(of: id).ended
    guard !threads.isEmpty else { return beginShutdown(of: id, client, effects: &effects) }
    var job = ShutdownJob(custodian: id, startedAt: now)
    job.clients = [client]
    job.threads = Set(threads)
    job.grace = Grace(from: now, for: duration, job.threads)
    shutdowns.append(job)
    if let path = custodians.path(of: id) { record(.graceBegun(path)) }
    tell(.asked, of: job, effects: &effects)
    for thread in threads { askToEnd(thread, effects: &effects) }
  }

  /// Sends a break of kind terminate to a living thread, which goes on if it is suspended.
  mutating func askToEnd(_ thread: ThreadID, effects: inout Effects) {
    step(effects: &effects) {
      // The thread is alive, which is all that these two ask for. One in a nested call is asked when that is over:
      // till then the break would be the nested thread's, which gets one of its own.
      if !$0.isNesting(thread) { try? $0.sendBreak(.terminate, to: thread, effects: &$1) }
      try? $0.resume(thread, effects: &$1)
    }
  }

  /// When a grace has something to do next.
  var graceDeadlines: [Instant] { shutdowns.compactMap { $0.grace?.deadline } }

  /// The clock has moved.
  mutating func graceTimePassed(effects: inout Effects) {
    for custodian in shutdowns.filter({ $0.grace != nil }).map(\.custodian) {
      guard let index = shutdowns.firstIndex(where: { $0.custodian == custodian }),
        let stage = shutdowns[index].grace?.timePassed(to: now)
      else { continue }
      switch stage {
      case .asked: break
      case .terminated: terminate(shutdowns[index], effects: &effects)
      case .over: beginShutdown(of: custodian, nil, effects: &effects)
      }
    }
  }

  /// SIGTERM for whoever has not listened to the break, or gets none since it has a descriptor 3. A thread that was
  /// suspended meanwhile gets none: it does not run, and the signal would wait for a resumption that may never come.
  private mutating func terminate(_ job: ShutdownJob, effects: inout Effects) {
    tell(.terminated, of: job, effects: &effects)
    for thread in (job.grace?.waitingFor ?? []).sorted() where isSeenRunning(thread) {
      guard case .running = entities[thread]?.body else { continue }
      effects.append(.order(.signal(thread, BreakKind.terminate.signal)))
    }
  }

  /// A thread that was asked to end is dead: those who follow are told.
  func tellEndInGrace(
    _ thread: ThreadSummary,
    _ entity: Entity,
    of job: inout ShutdownJob,
    effects: inout Effects
  ) {
    guard let death = entities[thread.id]?.death else { return }
    job.grace?.waitingFor.remove(thread.id)
    let ended = entity.ended
    // A program that has ended by itself counts here: it did as it was asked.
    job.processes +=
      ended.total + (ended.program == nil && entity.start != .ofConnection && endedServers[thread.id] == nil ? 1 : 0)
    job.tell(.threadEnded(thread, after: now - job.startedAt, death), effects: &effects)
  }

  /// Begins the shutdowns for which nobody is waited for any more.
  mutating func beginShutdownsWithoutThreads(effects: inout Effects) {
    for custodian in shutdowns.filter({ $0.grace?.waitingFor.isEmpty == true }).map(\.custodian) {
      // One above may have ended it just now.
      guard shutdowns.contains(where: { $0.custodian == custodian && $0.grace != nil }) else { continue }
      beginShutdown(of: custodian, nil, effects: &effects)
    }
  }

  /// Their shutdown begins now.
  mutating func endGraces(of custodians: Set<CustodianID>, effects: inout Effects) {
    for index in shutdowns.indices where shutdowns[index].grace != nil {
      guard custodians.contains(shutdowns[index].custodian) else { continue }
      tell(.over, of: shutdowns[index], effects: &effects)
      shutdowns[index].grace = nil
    }
  }

  /// Tells those who follow how far it is.
  func tell(_ stage: GraceStage, of job: ShutdownJob, effects: inout Effects) {
    let threads = (job.grace?.waitingFor ?? []).sorted().compactMap(summary)
    job.tell(.grace(stage, threads, left: job.grace?.left(at: now) ?? .zero), effects: &effects)
  }

  /// What the shutdown of a custodian would do now.
  func shutdownPlan(of id: CustodianID) -> ShutdownPlan {
    let outcome = kernel.shutdownOutcome(of: id)
    return ShutdownPlan(
      custodians: outcome.custodians.compactMap(custodians.path),
      ended: outcome.ended.compactMap(summary),
      leftSuspended: outcome.leftSuspended.compactMap(summary),
      surviving: outcome.surviving.compactMap(summary)
    )
  }
}
