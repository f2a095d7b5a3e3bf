internal import Cluster
internal import DequeModule
internal import HeddleModel

/// One input to one node's member.
struct MemberInput {
  let node: Int
  let run: Int
  let give: (inout ClusterMember, Instant, inout [MemberEffect]) -> Void
}

// MARK: - The daemons

extension Simulation {
  mutating func start(_ index: Int) {
    nodes[index].run += 1
    nodes[index].state = .running
    nodes[index].keeper = SimulatedNode.Keeper(arming: nodes[index].keeper.arming + 1)
    let reserve: Duration = mutates(.noReserve) ? .zero : .seconds(1)
    let identity = MemberIdentity(
      name: nodes[index].name,
      incarnation: Incarnation(rawValue: UInt64(nodes[index].run)),
      seat: Seat(rawValue: UInt64(index) + 1),
      terms: LeaseTerms(ttl: .seconds(6), guardTime: reserve, drift: mutates(.noReserve) ? 0 : 1)
    )
    nodes[index].member = ClusterMember(identity, seed: random.next())
    tell("\(nodes[index].name) starts, run \(nodes[index].run)")
    for peer in nodes.indices where peer != index { nodes[index].links[peer] = Link(session: newSession(), now: now) }
    queue.add(.daemon(index, run: nodes[index].run, .tick), at: soon(50))
    if index == Self.registrarNode {
      startRegistrar()
      feed(index) { $0.coordinatorFound(now: $1, effects: &$2) }
    }
  }

  mutating func newSession() -> UInt64 {
    lastSession += 1
    return lastSession
  }

  func greeting(_ index: Int) -> NodeGreeting {
    NodeGreeting(incarnation: Incarnation(rawValue: UInt64(nodes[index].run)), epoch: nodes[index].member?.epoch)
  }

  /// Something of a daemon's own happens, at once or when the daemon goes on.
  mutating func daemon(_ index: Int, run: Int, _ inner: DaemonHappening, as happening: Happening) {
    guard nodes[index].run == run, isUp(index, keeping: happening) else { return }
    switch inner {
    case .wake:
      if let wakeAt = nodes[index].wakeAt, wakeAt <= now { nodes[index].wakeAt = nil }
      feed(index) { $0.timePassed(now: $1, effects: &$2) }
      if nodes[index].desk?.registrar != nil { registrarTimePassed() }
    case .tick:
      tick(index)
      queue.add(happening, at: now.plus(milliseconds: 250))
    case .synced: journalSynced()
    case .letter(let letter): post(letter, from: index)
    case .threadEnded(let thread): threadEnded(thread, at: index)
    case .spawned(let token, let thread):
      if !mutates(.tombstoneRace) { feed(index) { $0.spawnStarted(token, thread, now: $1, effects: &$2) } }
    case .spawnFailed(let token, let thread):
      feed(index) { $0.spawnFailed(token, thread, now: $1, effects: &$2) }
    case .keeperFenced: feed(index) { $0.keeperFenced(now: $1, effects: &$2) }
    }
  }

  /// Whether the daemon takes this now. A stopped one takes it later; one that is down never.
  private mutating func isUp(_ index: Int, keeping happening: Happening) -> Bool {
    switch nodes[index].state {
    case .running: return true
    case .stopped:
      nodes[index].backlog.append(happening)
      return false
    case .down: return false
    }
  }

  // MARK: - Inputs

  /// Gives a member its input, and does what it says; inputs that come of that follow, in order.
  mutating func feed(_ index: Int, _ give: @escaping (inout ClusterMember, Instant, inout [MemberEffect]) -> Void) {
    agenda.append(MemberInput(node: index, run: nodes[index].run, give: give))
    guard !isFeeding else { return }
    isFeeding = true
    defer { isFeeding = false }
    while let input = agenda.popFirst() {
      guard nodes[input.node].run == input.run, nodes[input.node].state != .down else { continue }
      var effects: [MemberEffect] = []
      let local = nodes[input.node].clock.shows(at: now)
      // In place: nothing else looks at the member meanwhile.
      nodes[input.node].withMember { input.give(&$0, local, &effects) }
      for effect in effects { perform(effect, at: input.node) }
      planWake(input.node)
    }
  }

  mutating func planWake(_ index: Int) {
    let deadlines = [nodes[index].member?.nextDeadline, nodes[index].desk?.registrar?.nextDeadline]
    guard let next = deadlines.compactMap(\.self).min() else { return }
    let instant = max(now, nodes[index].clock.truth(at: next))
    if let wakeAt = nodes[index].wakeAt, wakeAt <= instant { return }
    nodes[index].wakeAt = instant
    queue.add(.daemon(index, run: nodes[index].run, .wake), at: instant)
  }

  // MARK: - Effects

  private mutating func perform(_ effect: MemberEffect, at index: Int) {
    if settings.isTold { tell("  \(nodes[index].name): \(effect)") }
    switch effect {
    case .ask(let id, let request): ask(id, request, from: index)
    case .mistrust:
      // Somebody looks after it, if it is known that the disk was lost.
      guard nodes[Self.registrarNode].desk?.isDiskLost == true else { return }
      crash(index, for: 2_000 + random.below(2_000))
    case .nameTaken: break
    case .introduce: reopenLinks(of: index)
    case .guardThread(let thread, let deadline):
      nodes[index].keeper.guarded[thread] = nodes[index].policies[thread] ?? .suspend
      arm(index, deadline)
    case .armFence(let deadline): arm(index, deadline)
    case .suspend(let thread): order(.freeze, of: thread, at: index)
    case .resume(let thread): order(.thaw, of: thread, at: index)
    case .kill(let thread): order(.kill, of: thread, at: index)
    case .admit(let node, _): admitted(node, at: index)
    case .died(let thread, _): seeDeath(thread.id, at: index)
    case .dismiss(let node, _):
      if let peer = nodes.firstIndex(where: { $0.name == node }) { nodes[index].held[peer] = [] }
    case .nodeJoined, .nodeUnreachable, .nodeReachable, .nodeLost, .unreachable, .reachable, .failSends: break
    case .shutDown(let id): shutDown(id, at: index)
    case .custodianComplete(let id): see(.complete(id, at: observer(index)))
    case .answer(let token, let reply): answered(token, reply, at: index)
    }
  }

  func observer(_ index: Int) -> Observer { Observer(node: index, run: nodes[index].run) }

  mutating func seeDeath(_ thread: ThreadID, at index: Int) {
    nodes[index].remotes.removeAll { $0.thread == thread }
    see(.died(thread, at: observer(index)))
  }
}

extension SimulatedNode {
  func withMember(_ change: (inout ClusterMember) -> Void) {
    guard var member else { return }
    self.member = nil
    change(&member)
    self.member = member
  }
}
