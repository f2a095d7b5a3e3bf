package import HeddleModel

/// The threads of other nodes whose death somebody here waits for.
struct RemoteThreads: Equatable, Codable, Sendable {
  enum Standing: Equatable, Codable, Sendable {
    /// In this stay of its node, as far as is known.
    case staying(Epoch)
    /// Its node's stay ended, and the thread does not depend on one.
    case adrift(Seat)
  }

  struct Watched: Equatable, Codable, Sendable {
    let policy: PartitionPolicy
    var standing: Standing
  }

  /// What contact with a node says about one of its threads.
  enum Life { case goesOn, ended }

  var watched: [RemoteThread: Watched] = [:]

  /// A stay ended.
  ///
  /// - Returns: the threads in it, in order. Those that don't depend on it stay watched.
  mutating func lose(_ node: NodeName, _ epoch: Epoch, seat: Seat) -> [(RemoteThread, PartitionPolicy)] {
    let lost = watched.filter { $0.key.node == node && $0.value.standing == .staying(epoch) }
      .sorted { $0.key < $1.key }.map { ($0.key, $0.value.policy) }
    for (thread, policy) in lost {
      if policy == .keep { watched[thread]?.standing = .adrift(seat) } else { watched[thread] = nil }
    }
    return lost
  }

  /// A node joined: a thread that went adrift with an earlier stay of this incarnation is there still, one of an earlier
  /// incarnation on its seat has ended, and nothing is known of one whose node has moved.
  mutating func contacts(with name: NodeName, _ node: ClusterView.Node) -> [(RemoteThread, Life)] {
    var contacts: [(RemoteThread, Life)] = []
    for (thread, known) in watched.sorted(by: { $0.key < $1.key }) where thread.node == name {
      guard case .adrift(let seat) = known.standing, seat == node.record.seat else { continue }
      let goesOn = thread.incarnation == node.record.incarnation
      watched[thread] = goesOn ? Watched(policy: known.policy, standing: .staying(node.epoch)) : nil
      contacts.append((thread, goesOn ? .goesOn : .ended))
    }
    return contacts
  }
}

extension ClusterMember {
  /// Somebody here waits for the death of a thread that was learnt from its node in this stay. It may be over already.
  package mutating func watch(
    _ thread: RemoteThread,
    in epoch: Epoch,
    _ policy: PartitionPolicy,
    effects: inout [MemberEffect]
  ) {
    guard remotes.watched[thread] == nil else { return }
    remotes.watched[thread] = RemoteThreads.Watched(policy: policy, standing: .staying(epoch))
    settleRemotes(effects: &effects)
  }

  /// Nobody here waits for it any more.
  package mutating func unwatch(_ thread: RemoteThread) { remotes.watched[thread] = nil }

  /// Its node says that it is dead. That is no news if it was dead already, or if nobody waits.
  package mutating func remoteDied(_ thread: RemoteThread, effects: inout [MemberEffect]) {
    guard remotes.watched.removeValue(forKey: thread) != nil else { return }
    effects.append(.died(thread, .told))
  }

  /// Looks after those whose stay ended before they were watched, or before the view had heard that it began.
  mutating func settleRemotes(effects: inout [MemberEffect]) {
    for (thread, known) in remotes.watched.sorted(by: { $0.key < $1.key }) {
      guard case .staying(let epoch) = known.standing, view.stay(of: thread.node, epoch) == .ended else { continue }
      guard known.policy == .keep else {
        remotes.watched[thread] = nil
        effects.append(.died(thread, .nodeLost(epoch)))
        continue
      }
      settleKept(thread, effects: &effects)
    }
  }

  private mutating func settleKept(_ thread: RemoteThread, effects: inout [MemberEffect]) {
    guard let node = view.nodes[thread.node], node.record.incarnation == thread.incarnation else {
      // Whose seat it was is not known any more, so nothing says that it has ended.
      remotes.watched[thread]?.standing = .adrift(Seat(rawValue: 0))
      return effects.append(.unreachable(thread))
    }
    remotes.watched[thread]?.standing = .staying(node.epoch)
    effects.append(.reachable(thread, node.epoch))
  }
}
