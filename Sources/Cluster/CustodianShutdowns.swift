package import HeddleModel

// MARK: - Making and shutting down

extension ClusterMember {
  /// Makes a custodian that several nodes may take part in, with this one as its home.
  ///
  /// - Parameter parent: the shared custodian above it; nil if it is below one of this node's own.
  /// - Returns: its identifier. The answer is `custodianMade` or `refused`; until then it is of no use.
  @discardableResult
  package mutating func makeCustodian(
    below parent: SharedCustodianID?,
    _ onHomeLoss: HomeLossPolicy,
    _ token: ClusterToken,
    now: Instant,
    effects: inout [MemberEffect]
  ) -> SharedCustodianID {
    catchUp(now, effects: &effects)
    shared.lastNumber += 1
    let id = SharedCustodianID(node: identity.name, incarnation: identity.incarnation, number: shared.lastNumber)
    if let refusal = refusalToChange ?? parent.flatMap({ refusal(below: $0) }) {
      effects.append(.answer(token, .refused(refusal)))
      return id
    }
    guard let epoch else { return id }
    let record = SharedCustodianRecord(
      parent: parent,
      home: identity.name,
      homeEpoch: epoch,
      onHomeLoss: onHomeLoss
    )
    shared.made[id] = SharedCustodians.Making(record: record, token: token)
    ask(.makeCustodian(id), now: now, effects: &effects)
    return id
  }

  private func refusal(below parent: SharedCustodianID) -> ClusterRefusal? {
    if view.custodians[parent] == nil { return .unknownCustodian(parent) }
    return view.isClosed(parent) ? .custodianClosed(parent) : nil
  }

  func requestToMake(_ id: SharedCustodianID) -> CoordinatorRequest? {
    guard let staysCondition, let record = shared.made[id]?.record else { return nil }
    let key = ClusterKey.custodian(id).key
    let above = record.parent.map { conditionsOpen($0) } ?? []
    return .claim(
      CoordinatorTransaction(if: [.isAbsent(key), staysCondition] + above, then: [.put(key, record.text, lease: nil)])
    )
  }

  /// That a custodian and all above it are there, and without a tombstone.
  func conditionsOpen(_ id: SharedCustodianID) -> [CoordinatorTransaction.Condition] {
    view.lineage(of: id).flatMap { ancestor in
      [
        .isAbsent(ClusterKey.closed(ancestor).key),
        CoordinatorTransaction.Condition(
          ClusterKey.custodian(ancestor).key,
          created: view.custodians[ancestor]?.created ?? .zero
        ),
      ]
    }
  }

  mutating func makingAnswered(
    _ id: SharedCustodianID,
    _ response: CoordinatorResponse,
    effects: inout [MemberEffect]
  ) {
    guard let making = shared.made.removeValue(forKey: id) else { return }
    let reply: ClusterReply
    switch response {
    case .committed: reply = .custodianMade(id)
    // Ours, of an attempt whose answer was lost: nobody else gives it this identifier.
    case .conflicted(let found) where found.first.flatMap(\.self) != nil: reply = .custodianMade(id)
    case .conflicted(let found):
      let stays = found.count > 1 && found[1] != nil
      reply = .refused(stays ? making.record.parent.map { .custodianClosed($0) } ?? .outside : .outside)
    case .refused(let refusal): reply = .refused(.coordinator(refusal))
    case .granted, .kept, .lost, .revoked, .found, .watching, .compacted, .unwatched: return
    }
    effects.append(.answer(making.token, reply))
  }

  /// Shuts a shared custodian down, and all below it, on all nodes. Any node may; a fenced one when its lease is renewed.
  ///
  /// - Returns: nothing; the answers are `begun`, then `complete`, or `refused`.
  package mutating func shutDownCustodian(
    _ id: SharedCustodianID,
    _ token: ClusterToken,
    now: Instant,
    effects: inout [MemberEffect]
  ) {
    guard view.custodians[id] != nil || view.closed[id] != nil else {
      return effects.append(.answer(token, .refused(.unknownCustodian(id))))
    }
    if shared.completed[id] != nil {
      effects += [.answer(token, .begun), .answer(token, .complete)]
    } else if view.closed[id] != nil {
      effects.append(.answer(token, .begun))
      shared.toComplete[id, default: []].append(token)
    } else {
      shared.toBegin[id, default: []].append(token)
      close(id, .asked, now: now, effects: &effects)
    }
  }

  private mutating func close(
    _ id: SharedCustodianID,
    _ reason: TombstoneRecord.Reason,
    now: Instant,
    effects: inout [MemberEffect]
  ) {
    guard !isUnderWay(.close(id, .asked)), !isUnderWay(.close(id, .homeLost)) else { return }
    ask(.close(id, reason), now: now, effects: &effects)
  }

  func requestToClose(_ id: SharedCustodianID, _ reason: TombstoneRecord.Reason) -> CoordinatorRequest? {
    let tombstone = TombstoneRecord(reason: reason, by: identity.name)
    return .claim(
      CoordinatorTransaction(
        if: [
          .isAbsent(ClusterKey.closed(id).key),
          CoordinatorTransaction.Condition(
            ClusterKey.custodian(id).key,
            created: view.custodians[id]?.created ?? .zero
          ),
        ],
        then: [.put(ClusterKey.closed(id).key, tombstone.text, lease: nil)]
      )
    )
  }

  mutating func closingAnswered(
    _ id: SharedCustodianID,
    _ response: CoordinatorResponse,
    effects: inout [MemberEffect]
  ) {
    let tokens = shared.toBegin.removeValue(forKey: id) ?? []
    let begun: Bool
    switch response {
    case .committed: begun = true
    // It has one already, an earlier attempt's or another's; or it is forgotten, which comes after `complete`.
    case .conflicted: begun = true
    case .granted, .kept, .lost, .revoked, .found, .watching, .compacted, .unwatched, .refused: begun = false
    }
    for token in tokens {
      if begun {
        effects.append(.answer(token, .begun))
        shared.toComplete[id, default: []].append(token)
      } else if case .refused(let refusal) = response {
        effects.append(.answer(token, .refused(.coordinator(refusal))))
      }
    }
    // The view may have heard of all before this answer came.
    tellCompletions(now: nil, effects: &effects)
  }

  // MARK: - Completion

  /// Tells of the custodians with a tombstone of which nothing is left on any node.
  mutating func tellCompletions(now: Instant?, effects: inout [MemberEffect]) {
    let open = view.closed.keys.filter { shared.completed[$0] == nil || shared.toComplete[$0] != nil }
    for id in open.sorted() where view.subtree(of: id).allSatisfy({ view.parts[$0] == nil }) {
      if let now, shared.completed[id] == nil {
        shared.completed[id] = now.advanced(by: SharedCustodians.memory)
        effects.append(.custodianComplete(id))
      }
      guard shared.completed[id] != nil else { continue }
      tellComplete(id, effects: &effects)
    }
    // Forgotten before it could be seen as complete.
    for id in shared.toComplete.keys.sorted() where view.closed[id] == nil && view.custodians[id] == nil {
      tellComplete(id, effects: &effects)
    }
    for id in shared.completed.keys.sorted() where view.closed[id] == nil { shared.completed[id] = nil }
  }

  private mutating func tellComplete(_ id: SharedCustodianID, effects: inout [MemberEffect]) {
    for token in shared.toComplete.removeValue(forKey: id) ?? [] { effects.append(.answer(token, .complete)) }
  }

  /// Removes the tombstones whose time is over. One node does it: the home, or the first one if that is lost.
  mutating func forgetOld(now: Instant, effects: inout [MemberEffect]) {
    guard isConnected else { return }
    for (id, instant) in shared.completed.sorted(by: { $0.key < $1.key }) where instant <= now {
      shared.completed[id] = now.advanced(by: SharedCustodians.memory)
      let home = view.custodians[id]?.record.home
      let keeper = home.flatMap { view.nodes[$0] } != nil ? home : view.nodes.keys.min()
      if keeper == identity.name { ask(.forget(id), now: now, effects: &effects) }
    }
  }

  func requestToForget(_ id: SharedCustodianID) -> CoordinatorRequest? {
    guard let tombstone = view.closed[id] else { return nil }
    let key = ClusterKey.closed(id).key
    let subtree = view.subtree(of: id).flatMap { [ClusterKey.custodian($0).key, ClusterKey.closed($0).key] }
    return .claim(
      CoordinatorTransaction(
        if: [CoordinatorTransaction.Condition(key, created: tombstone.created)],
        then: subtree.map { .delete($0) }
      )
    )
  }

  // MARK: - Orphans

  /// Shuts down what lost its home, or gives it a new one.
  ///
  /// Every node comes to the same from the same changes, so it does not wait for the tombstone, which the first one to get
  /// there writes.
  mutating func tendOrphans(now: Instant, effects: inout [MemberEffect]) {
    for (id, custodian) in view.custodians.sorted(by: { $0.key < $1.key }) {
      let record = custodian.record
      guard view.closed[id] == nil, view.stay(of: record.home, record.homeEpoch) == .ended else { continue }
      let heir = record.onHomeLoss == .adopt ? view.parts[id]?.keys.min() : nil
      if let heir {
        guard heir == identity.name, !isUnderWay(.adopt(id)) else { continue }
        ask(.adopt(id), now: now, effects: &effects)
      } else {
        endParts(below: id, now: now, effects: &effects)
        close(id, .homeLost, now: now, effects: &effects)
      }
    }
  }

  func requestToAdopt(_ id: SharedCustodianID) -> CoordinatorRequest? {
    guard let staysCondition, let epoch, let custodian = view.custodians[id] else { return nil }
    let key = ClusterKey.custodian(id).key
    let record = SharedCustodianRecord(
      parent: custodian.record.parent,
      home: identity.name,
      homeEpoch: epoch,
      onHomeLoss: custodian.record.onHomeLoss
    )
    return .claim(
      CoordinatorTransaction(
        if: [
          CoordinatorTransaction.Condition(key, created: custodian.created),
          .isAbsent(ClusterKey.closed(id).key), staysCondition,
        ],
        then: [.put(key, record.text, lease: nil)]
      )
    )
  }
}
