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
      agenda.append(contentsOf: custodians[id]?.watchers.members ?? [])
    }
    let ended = subtree.flatMap { dismissMembers(of: $0, effects: &effects) }
    for thread in ended { breakNested(of: thread, effects: &effects) }
    for id in subtree.reversed() {
      effects.append(contentsOf: custodians.removeCompleted(from: id).map(Effect.shutdownComplete))
    }
    finishStep(&effects)
  }

  /// - Returns: the threads that are to end.
  private mutating func dismissMembers(of custodian: CustodianID, effects: inout Effects) -> [ThreadID] {
    var ended: [ThreadID] = []
    for thread in custodians[custodian]?.members.members ?? [] {
      if ties[thread]?.managers == [custodian], threads[thread]?.suspendsOnKill == false {
        end(thread, .lostCustodian(custodian), effects: &effects)
        ended.append(thread)
      } else {
        custodians[custodian]?.members.remove(thread)
        ties[thread]?.managers.removeAll { $0 == custodian }
        if ties[thread]?.managers.isEmpty == true { stop(thread, effects: &effects) }
      }
    }
    return ended
  }
}
