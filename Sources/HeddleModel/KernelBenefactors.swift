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
    for manager in ties[benefactor]?.managers ?? [] { give(manager, to: thread) }
    ties[benefactor]?.dependents.append(thread)
    ties[thread]?.benefactors.append(benefactor)
  }

  /// Adds a manager to a thread and along the attachments, as far as it adds anything (SR-17, SR-18).
  private mutating func give(_ custodian: CustodianID, to thread: ThreadID) {
    var pending: Deque = [thread]
    while let next = pending.popFirst() {
      guard addManager(custodian, to: next) else { continue }
      pending.append(contentsOf: ties[next]?.dependents.members ?? [])
    }
  }

  /// Adds a manager unless one at or above it is there; those below it are dropped (SR-19, SR-20).
  private mutating func addManager(_ custodian: CustodianID, to thread: ThreadID) -> Bool {
    guard threads[thread]?.life.isAlive == true, let managers = ties[thread]?.managers,
      !managers.contains(where: { custodians.isAtOrBelow(custodian, $0) })
    else { return false }
    let dropped = managers.filter { custodians.isAtOrBelow($0, custodian) }
    for manager in dropped { custodians[manager]?.members.remove(thread) }
    ties[thread]?.managers.removeAll(where: dropped.contains)
    ties[thread]?.managers.append(custodian)
    custodians[custodian]?.members.append(thread)
    return true
  }

  /// Resumes a suspended thread that has a custodian, and those attached to it, as far as they were suspended (SR-16).
  private mutating func wake(_ thread: ThreadID, effects: inout Effects) {
    var pending: Deque = [thread]
    while let next = pending.popFirst() {
      guard ties[next]?.managers.isEmpty == false, let generation = threads[next]?.life.resume() else { continue }
      threads.modify(next) { $0.holdByResumption() }
      effects.append(.runBody(next, generation: generation))
      goOnWaiting(next, effects: &effects)
      pending.append(contentsOf: ties[next]?.dependents.members ?? [])
    }
  }
}
