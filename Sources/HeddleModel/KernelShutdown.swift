// Shutting custodians down.

extension Kernel {
  /// Shuts down `custodian` and all below it: they manage nothing from now on. A thread that is left with no custodian
  /// is told to end, or suspended if it was made so. No effect the second time. Racket: `custodian-shutdown-all`.
  ///
  /// Holding the custodian is all the authority it needs (CU-18). It has begun when this returns; it is complete at
  /// `shutdownComplete`, which may be one of the effects of this very step.
  package mutating func shutDown(_ custodian: CustodianID, effects: inout Effects) throws(Refusal) {
    if try custodians.isShutDown(custodian) { return }
    let subtree = custodians.subtree(of: custodian).filter { custodians[$0]?.isShutDown == false }
    for id in subtree {
      custodians[id]?.isShutDown = true
      effects.append(.shutDown(id))
      lookAgain(at: custodians[id]?.watchers)
    }
    let ended = subtree.flatMap { dismissMembers(of: $0, effects: &effects) }
    for thread in ended { breakNested(of: thread, effects: &effects) }
    for id in subtree.reversed() {
      for completed in custodians.removeCompleted(from: id) { effects.append(.shutdownComplete(completed)) }
    }
    finishStep(&effects)
  }

  /// - Returns: the threads that are to end.
  private mutating func dismissMembers(of custodian: CustodianID, effects: inout Effects) -> [ThreadID] {
    var ended: [ThreadID] = []
    for thread in takeMembers(of: custodian) {
      let isLast = ties.look(thread) { $0.custodians.isOnly(custodian) } == true
      if isLast, threads.look(thread, \.suspendsOnKill) == false {
        end(thread, .lostCustodian(custodian), effects: &effects)
        ended.append(thread)
      } else {
        ties.modify(thread) { $0?.custodians.remove(custodian) }
        if ties.look(thread, \.custodians.isEmpty) == true { stop(thread, effects: &effects) }
      }
    }
    return ended
  }

  /// The threads that the custodian has managed until now, and does not any more.
  private mutating func takeMembers(of custodian: CustodianID) -> Roster<ThreadID> {
    let members = custodians.look(custodian, \.members) ?? []
    custodians.modify(custodian) { $0?.members = [] }
    return members
  }
}
