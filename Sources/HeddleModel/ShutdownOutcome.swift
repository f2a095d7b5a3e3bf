/// What the shutdown of a custodian would come to at one moment.
package struct ShutdownOutcome: Equatable, Sendable {
  /// Those that would be shut down, a custodian before those below it.
  package internal(set) var custodians: [CustodianID] = []
  /// The threads that would end, in the order in which they would be told to.
  package internal(set) var ended: [ThreadID] = []
  /// Those that would be suspended instead, as they were made to be.
  package internal(set) var leftSuspended: [ThreadID] = []
  /// Those that would lose custodians and keep another.
  package internal(set) var surviving: [ThreadID] = []
}

extension Kernel {
  /// What `shutDown` would do now; nothing if the custodian is shut down, or never was.
  package func shutdownOutcome(of custodian: CustodianID) -> ShutdownOutcome {
    var outcome = ShutdownOutcome()
    outcome.custodians = custodians.subtree(of: custodian).filter { custodians[$0]?.isShutDown == false }
    let isShutDown = Set(outcome.custodians)
    var seen: Set<ThreadID> = []
    for thread in outcome.custodians.flatMap({ custodians[$0]?.members.members ?? [] })
    where seen.insert(thread).inserted {
      if ties[thread]?.managers.allSatisfy(isShutDown.contains) != true {
        outcome.surviving.append(thread)
      } else if threads[thread]?.suspendsOnKill == true {
        outcome.leftSuspended.append(thread)
      } else {
        outcome.ended.append(thread)
      }
    }
    return outcome
  }

  /// Those that give the thread their custodians and their resumptions, in the order of attachment.
  package func benefactors(of thread: ThreadID) -> [ThreadID] { ties[thread]?.benefactors.members ?? [] }

  /// Those that the thread gives its custodians and its resumptions, in the order of attachment.
  package func beneficiaries(of thread: ThreadID) -> [ThreadID] { ties[thread]?.dependents.members ?? [] }

  /// The thread that this one is nested in.
  package func creator(of thread: ThreadID) -> ThreadID? { threads[thread]?.creator }
}
