package import HeddleModel

/// What the shell of a member has to do after an input, in this order.
package enum MemberEffect: Hashable, Sendable {
  // MARK: The coordinator

  case ask(CoordinatorRequestID, CoordinatorRequest)
  /// Nothing that this coordinator says is believed, and nothing more asked, until it is found anew. Tell the operator.
  case mistrust(RegistrarMistrust)
  /// Another supervisor, of another seat, has this node's name. Tell the operator; it is tried again.
  case nameTaken(by: NodeRecord)

  // MARK: The lease

  /// Close all links and begin them anew, with this in their greeting.
  case introduce(Epoch?)
  /// This thread stops at the deadline, also if this supervisor is stopped itself: its keeper and wardens see to it. It may
  /// not have begun: past the deadline it begins stopped.
  case guardThread(ThreadID, until: Instant)
  /// From now on the deadline of all guarded threads is this; of a stay that ended, never.
  case armFence(Instant?)
  /// Stop the thread's tree, whatever its state is in the model, which does not change. It may be stopped already.
  case suspend(ThreadID)
  /// Let it go on, with what the model says of it.
  case resume(ThreadID)
  /// End it, really. It may have ended already.
  case kill(ThreadID)

  // MARK: Other nodes

  /// What comes over the link to this node is to be taken, from now on and until the link ends.
  case admit(NodeName, Epoch)
  /// Nothing that comes over the link to this node is taken, from now on, but what is said to the coordinator and by it.
  case dismiss(NodeName, LinkRefusal)
  case nodeJoined(NodeName, Epoch)
  /// A suspicion: there is no link. Nothing has ended.
  case nodeUnreachable(NodeName, Epoch)
  case nodeReachable(NodeName, Epoch)
  /// The stay has ended, and all that depended on it: nothing of it is taken any more.
  case nodeLost(NodeName, Epoch)
  /// The thread's death. It comes once, and nothing comes after it.
  case died(RemoteThread, RemoteDeath)
  /// Of a thread that lives on without its node's lease: whether it does is unknown.
  case unreachable(RemoteThread)
  /// Its node was heard of again; ask there how it is.
  case reachable(RemoteThread, Epoch)
  /// What waits to be accepted by this stay of the node never will be.
  case failSends(NodeName, Epoch)

  // MARK: Custodians

  /// Shut this custodian down here: kill all that is in it. Each thread's end is then told with `threadEnded`.
  case shutDown(SharedCustodianID)
  /// Nothing is left of it, on any node.
  case custodianComplete(SharedCustodianID)

  // MARK: Answers

  case answer(ClusterToken, ClusterReply)
}

/// Why a remote thread is dead.
package enum RemoteDeath: Hashable, Codable, Sendable {
  /// Its node said so.
  case told
  /// Its node's lease ended.
  case nodeLost(Epoch)
  /// Its supervisor ended; a later one has its seat.
  case incarnationEnded
}

/// Why what comes over a link is not taken.
package enum LinkRefusal: Hashable, Codable, Sendable {
  /// The stay that the other side speaks of has ended.
  case stayEnded(Epoch)
  /// The other side is another start of that node than the one whose stay it is.
  case wrongIncarnation(Incarnation, expected: Incarnation)
}

/// What becomes of a request to the cluster. Every request gets one that is not `begun`, and none after it.
package enum ClusterReply: Hashable, Sendable {
  /// The name is the thread's.
  case claimed(Fence)
  /// It is another's.
  case nameHeld(NameRecord, Fence)
  case custodianMade(SharedCustodianID)
  /// Start the thread, then tell with `spawnStarted` or `spawnFailed`.
  case spawnPermitted
  /// The thread is there: say so to who asked. Comes after `spawnPermitted`.
  case spawnAcknowledged(ThreadID)
  /// The custodian has its tombstone: no other node joins it, and what runs in it ends. `complete` follows.
  case begun
  /// Nothing is left of it, on any node.
  case complete
  /// The stay is marked as ended; it is over when `nodeLost` comes.
  case fenceOrdered
  case refused(ClusterRefusal)
}

/// Why the cluster did not do what was asked. Nothing came of it.
package enum ClusterRefusal: Error, Hashable, Codable, Sendable {
  /// This node has no stay in the cluster: it has not joined, or its lease was lost.
  case outside
  /// Its lease is not renewed in time, so it may change nothing.
  case fenced
  /// The thread would go on when its node's lease is lost.
  case keepsOnPartition
  case unknownCustodian(SharedCustodianID)
  case custodianClosed(SharedCustodianID)
  case noSuchNode(NodeName)
  /// The thread ended before it had the name.
  case threadEnded(ThreadID)
  /// The thread, or another one of this node, has or claims the name already.
  case nameInUseHere(EntityName)
  case coordinator(CoordinatorRefusal)
}

extension ClusterRefusal: CustomStringConvertible {
  /// The reason in a sentence.
  package var description: String {
    switch self {
    case .outside: "this node is not in the cluster now; it joins when the coordinator answers"
    case .fenced: "the coordinator does not answer, and this node's lease is not renewed; try again when it does"
    case .keepsOnPartition: "a thread that is kept on a partition can't do this; use --on-partition suspend or kill"
    case .unknownCustodian(let id): "there is no custodian \(id) in the cluster"
    case .custodianClosed(let id): "custodian \(id) is shut down"
    case .noSuchNode(let node): "there is no node \(node) in the cluster now"
    case .threadEnded(let thread): "thread id:\(thread) has ended"
    case .nameInUseHere(let name): "the name \(name) is claimed by a thread of this node already"
    case .coordinator(let refusal): "\(refusal)"
    }
  }
}

/// Why a member does not believe its coordinator.
package enum RegistrarMistrust: Error, Hashable, Codable, Sendable {
  /// It keeps another cluster: its journal was lost, or this is the wrong one.
  case otherCluster(ClusterID, expected: ClusterID)
  /// It has forgotten changes that it had told of: its journal was put back to an earlier state.
  case wentBack(Revision, known: Revision)
}

extension RegistrarMistrust: CustomStringConvertible {
  /// What is wrong and what to do, in a sentence.
  package var description: String {
    switch self {
    case .otherCluster(let found, let expected):
      "the registrar keeps cluster \(found), and this node is in \(expected); give the registrar its journal back, or"
        + " restart the node to have it join the new cluster"
    case .wentBack(let found, let known):
      "the registrar is at revision \(found), and this node has heard of \(known); give the registrar its latest journal"
        + " back, or restart all nodes"
    }
  }
}
