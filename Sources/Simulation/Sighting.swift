internal import Cluster
internal import HeddleModel

/// Something that was seen of the simulated world from outside, at a true time. Checkers judge by these alone.
enum Sighting {
  case started(ThreadID, in: SharedCustodianID?, on: Int)
  /// The thread did something that others can see; under a name, with the token of its claim.
  case acted(ThreadID, under: EntityName?, Fence?)
  /// No process of it is left.
  case ended(ThreadID)
  /// This run of a node wants to hear of the thread's death, until it ends itself.
  case watched(ThreadID, by: Observer)
  case observerEnded(Observer)
  /// The death event fired there.
  case died(ThreadID, at: Observer)
  /// Its message was received there.
  case heard(from: ThreadID, to: ThreadID, number: UInt64, at: Observer)
  /// Who asked for the thread was told that it is there.
  case acknowledged(ThreadID)
  /// A custodian's shutdown is complete, as a node says.
  case complete(SharedCustodianID, at: Observer)
  /// What the registrar and a living node had come to at the end.
  case atEnd(Ending)
}

/// One run of one node.
struct Observer: Hashable, Comparable {
  let node: Int
  let run: Int

  static func < (left: Observer, right: Observer) -> Bool { (left.node, left.run) < (right.node, right.run) }
}

/// How a node stands when all faults have been over for long.
struct Ending {
  let node: Int
  let isRunning: Bool
  let hasStay: Bool
  /// Whether it has the registrar's keys, and takes what comes from every other node.
  let isCurrent: Bool
  let admitsAll: Bool
  let frozenThreads: [ThreadID]
  /// Living threads in custodians that are shut down.
  let survivors: [ThreadID]
  /// Names whose holder's stay is over.
  let deadNames: [EntityName]
}
