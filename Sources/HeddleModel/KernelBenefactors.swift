import DequeModule

/// What a resume may give to its thread: custodians, now or also from now on.
package enum Benefactor: Hashable, Codable, Sendable {
  case custodian(CustodianID)
  /// All its custodians now, and from now on each custodian that it gets and each of its resumptions.
  case thread(ThreadID)
}

// Resuming threads, and the two flows along the attachments: resumptions and custodians.

extension Kernel {
  /// Lets a suspended thread go on if it has a custodian, after the benefactor has given what it has. No effect on one
  /// that is ending or dead. Needs no authority. Racket: `thread-resume`.
  ///
  /// A benefactor that is shut down, dead, or the thread itself counts as none (SR-13, SR-25, SR-26).
  package mutating func resume(
    _ thread: ThreadID,
    benefactor: Benefactor? = nil,
    effects: inout Effects
  ) throws(Refusal) {
    try requireThread(thread)
    switch benefactor {
    case .custodian(let custodian):
      guard try !custodians.isShutDown(custodian) else { break }
      give(custodian, to: thread)
    case .thread(let other):
      try requireThread(other)
      attach(thread, to: other)
    case nil: break
    }
    wake(thread, effects: &effects)
    finishStep(&effects)
  }

  private mutating func attach(_ thread: ThreadID, to benefactor: ThreadID) {
    guard thread != benefactor, threads[thread]?.life.isAlive == true, threads[benefactor]?.life.isAlive == true else {
      return
    }
    for manager in ties.look(benefactor, \.custodians) ?? [] { give(manager, to: thread) }
    ties.modify(benefactor) { $0?.dependents.append(thread) }
    ties.modify(thread) { $0?.benefactors.append(benefactor) }
  }

  /// Adds a manager to a thread and along the attachments, as far as it adds anything (SR-17, SR-18).
  private mutating func give(_ custodian: CustodianID, to thread: ThreadID) {
    var pending: Deque<ThreadID> = []
    var next: ThreadID? = thread
    while let current = next {
      if addManager(custodian, to: current) { pending.append(contentsOf: ties.look(current, \.dependents) ?? []) }
      next = pending.popFirst()
    }
  }

  /// Adds a manager unless one at or above it is there; those below it are dropped (SR-19, SR-20).
  private mutating func addManager(_ custodian: CustodianID, to thread: ThreadID) -> Bool {
    guard threads.look(thread, \.life.isAlive) == true, let managers = ties.look(thread, \.custodians),
      !managers.contains(where: { custodians.isAtOrBelow(custodian, $0) })
    else { return false }
    for manager in managers where custodians.isAtOrBelow(manager, custodian) {
      custodians.modify(manager) { $0?.members.remove(thread) }
      ties.modify(thread) { $0?.custodians.remove(manager) }
    }
    ties.modify(thread) { $0?.custodians.append(custodian) }
    custodians.modify(custodian) { $0?.members.append(thread) }
    return true
  }

  /// Resumes a suspended thread that has a custodian, and those attached to it, as far as they were suspended (SR-16).
  private mutating func wake(_ thread: ThreadID, effects: inout Effects) {
    guard wakeAlone(thread, effects: &effects), let dependents = ties.look(thread, \.dependents), !dependents.isEmpty
    else {
      return
    }
    var pending = Deque(dependents)
    while let next = pending.popFirst() {
      guard wakeAlone(next, effects: &effects) else { continue }
      pending.append(contentsOf: ties.look(next, \.dependents) ?? [])
    }
  }

  /// - Returns: whether it was suspended and had a custodian.
  private mutating func wakeAlone(_ thread: ThreadID, effects: inout Effects) -> Bool {
    guard ties.look(thread, \.custodians.isEmpty) == false,
      let generation = threads.modify(thread, { $0?.resume() })
    else { return false }
    effects.append(.runBody(thread, generation: generation))
    goOnWaiting(thread, effects: &effects)
    return true
  }
}
