package import HeddleModel

/// The global names that this node's threads have, or want.
struct GlobalNames: Equatable, Codable, Sendable {
  enum Claim: Equatable, Codable, Sendable {
    /// Asked for, by this request of a client.
    case wanted(ClusterToken)
    case held(Fence)
    /// The thread ended while the claim was on its way: if it succeeds, the name is released.
    case unwanted
  }

  struct Holding: Equatable, Codable, Sendable {
    let thread: ThreadID
    var claim: Claim
  }

  var holdings: [EntityName: Holding] = [:]

  /// The stay ended, and all names with it.
  ///
  /// - Returns: who still waits for one.
  mutating func forgetAll() -> [ClusterToken] {
    defer { holdings = [:] }
    return holdings.sorted { $0.key < $1.key }.compactMap { _, holding in
      if case .wanted(let token) = holding.claim { token } else { nil }
    }
  }
}

extension ClusterMember {
  /// Who has a name, as far as this node has heard; nil if nobody does.
  package func holder(of name: EntityName) -> ClusterView.Name? {
    guard let holder = view.names[name], view.stay(of: holder.record.node, holder.record.epoch) == .live else {
      return nil
    }
    return holder
  }

  /// Whether mail that was sent under a name's token is a former holder's.
  package func isStale(_ fence: Fence, of name: EntityName) -> Bool {
    guard let holder = view.names[name] else { return fence.created <= view.revision }
    return fence < holder.fence
  }

  /// Claims a name for a thread, which need not have begun: its token goes into the program's environment.
  ///
  /// - Returns: nothing; the answer is `claimed`, `nameHeld` or `refused`. Of those who claim a name at once, one gets it,
  ///   and the others hear who did.
  package mutating func claimName(
    _ name: EntityName,
    for thread: ThreadID,
    _ policy: PartitionPolicy,
    _ token: ClusterToken,
    now: Instant,
    effects: inout [MemberEffect]
  ) {
    catchUp(now, effects: &effects)
    func refuse(_ reason: ClusterRefusal) { effects.append(.answer(token, .refused(reason))) }
    guard policy != .keep, exposed[thread] != .keep else { return refuse(.keepsOnPartition) }
    if let refusal = refusalToChange { return refuse(refusal) }
    guard names.holdings[name] == nil else { return refuse(.nameInUseHere(name)) }
    names.holdings[name] = GlobalNames.Holding(thread: thread, claim: .wanted(token))
    threadExposed(thread, policy, effects: &effects)
    ask(.claimName(name), now: now, effects: &effects)
  }

  /// Gives a name up; nothing happens if this node's threads don't have it.
  package mutating func releaseName(_ name: EntityName, now: Instant, effects: inout [MemberEffect]) {
    guard let holding = names.holdings[name] else { return }
    switch holding.claim {
    case .held(let fence):
      names.holdings[name] = nil
      ask(.releaseName(name, fence), now: now, effects: &effects)
    case .wanted(let token):
      names.holdings[name]?.claim = .unwanted
      effects.append(.answer(token, .refused(.threadEnded(holding.thread))))
    case .unwanted: break
    }
  }

  mutating func releaseNames(of thread: ThreadID, now: Instant, effects: inout [MemberEffect]) {
    for (name, holding) in names.holdings.sorted(by: { $0.key < $1.key }) where holding.thread == thread {
      releaseName(name, now: now, effects: &effects)
    }
  }

  /// Why nothing can be claimed now; nil if it can.
  var refusalToChange: ClusterRefusal? {
    switch holder.phase {
    case .holding: nil
    case .fenced: .fenced
    case .outside, .joining, .left: .outside
    }
  }

  func requestToClaim(_ name: EntityName) -> CoordinatorRequest? {
    guard case .holding(let lease, let epoch) = holder.phase, let staysCondition,
      let holding = names.holdings[name]
    else { return nil }
    let record = NameRecord(node: identity.name, epoch: epoch, thread: holding.thread)
    return .claim(
      CoordinatorTransaction(
        if: [.isAbsent(ClusterKey.name(name).key), staysCondition],
        then: [.put(ClusterKey.name(name).key, record.text, lease: lease)]
      )
    )
  }

  mutating func nameAnswered(
    _ name: EntityName,
    _ response: CoordinatorResponse,
    now: Instant,
    effects: inout [MemberEffect]
  ) {
    switch response {
    case .committed(let revision): nameClaimed(name, Fence(revision), now: now, effects: &effects)
    case .conflicted(let found):
      guard let entry = found.first.flatMap(\.self) else { return nameRefused(name, .outside, effects: &effects) }
      nameTaken(name, entry, now: now, effects: &effects)
    case .refused(let refusal): nameRefused(name, .coordinator(refusal), effects: &effects)
    case .granted, .kept, .lost, .revoked, .found, .watching, .compacted, .unwatched: break
    }
  }

  private mutating func nameClaimed(
    _ name: EntityName,
    _ fence: Fence,
    now: Instant,
    effects: inout [MemberEffect]
  ) {
    switch names.holdings[name]?.claim {
    case .wanted(let token):
      names.holdings[name]?.claim = .held(fence)
      effects.append(.answer(token, .claimed(fence)))
    case .unwanted:
      names.holdings[name] = nil
      ask(.releaseName(name, fence), now: now, effects: &effects)
    case .held: break
    // Of a stay that has ended, with which the name went.
    case nil: break
    }
  }

  /// Somebody has it; we, if an earlier attempt's answer was lost.
  private mutating func nameTaken(
    _ name: EntityName,
    _ entry: CoordinatorEntry,
    now: Instant,
    effects: inout [MemberEffect]
  ) {
    guard let holding = names.holdings[name] else { return }
    guard let record = try? NameRecord(reading: entry.value) else {
      return nameRefused(name, .nameInUseHere(name), effects: &effects)
    }
    if let epoch, record == NameRecord(node: identity.name, epoch: epoch, thread: holding.thread) {
      return nameClaimed(name, Fence(entry.created), now: now, effects: &effects)
    }
    names.holdings[name] = nil
    if case .wanted(let token) = holding.claim {
      effects.append(.answer(token, .nameHeld(record, Fence(entry.created))))
    }
  }

  private mutating func nameRefused(_ name: EntityName, _ refusal: ClusterRefusal, effects: inout [MemberEffect]) {
    guard case .wanted(let token) = names.holdings.removeValue(forKey: name)?.claim else { return }
    effects.append(.answer(token, .refused(refusal)))
  }
}
