internal import Cluster
internal import HeddleModel

// MARK: - What clients ask for

extension Simulation {
  private static let names: [EntityName] = ["x", "y"].map { text in
    do { return try EntityName(text) } catch { preconditionFailure("a letter is a name: \(error)") }
  }

  /// Somebody asks something of one of the nodes; and again in a moment, until some time before the end.
  mutating func work() {
    guard now < settings.end.before(seconds: 8) else { return }
    queue.add(.workload, at: now.plus(milliseconds: 150 + random.below(500)))
    let index = Int(random.below(UInt64(nodes.count)))
    let choice = random.below(10)
    guard case .running = nodes[index].state else { return }
    switch choice {
    case 0...2: claimName(at: index)
    case 3: startPlainThread(at: index)
    case 4, 5: makeCustodian(at: index)
    case 6, 7: spawn(at: index)
    case 8 where random.below(2) == 0: shutDownSomething(at: index)
    default: endSomething(at: index)
    }
  }

  private mutating func token(_ errand: SimulatedNode.Errand, at index: Int) -> ClusterToken {
    nodes[index].lastToken += 1
    let token = ClusterToken(rawValue: nodes[index].lastToken)
    nodes[index].errands[token] = errand
    return token
  }

  private mutating func claimName(at index: Int) {
    let name = Self.names[Int(random.below(2))]
    let thread = newThread()
    let policy: PartitionPolicy = random.below(4) == 0 ? .kill : .suspend
    nodes[index].policies[thread] = policy
    let token = token(.name(name, thread), at: index)
    feed(index) { $0.claimName(name, for: thread, policy, token, now: $1, effects: &$2) }
  }

  private mutating func startPlainThread(at index: Int) {
    guard nodes[index].bodies.count < 6 else { return }
    let thread = newThread()
    let policy: PartitionPolicy = random.below(3) == 0 ? .keep : .suspend
    nodes[index].policies[thread] = policy
    feed(index) { $0.threadExposed(thread, policy, effects: &$2) }
    if startBody(thread, policy, at: index) { announce(thread, policy, at: index) }
  }

  private mutating func makeCustodian(at index: Int) {
    let parent = random.below(2) == 0 ? custodians.last : nil
    let policy: HomeLossPolicy = random.below(3) == 0 ? .adopt : .shutDown
    let token = token(.custodian, at: index)
    feed(index) { $0.makeCustodian(below: parent, policy, token, now: $1, effects: &$2) }
  }

  private mutating func spawn(at index: Int) {
    guard let id = someCustodian(), nodes[index].bodies.count < 6 else { return }
    let thread = newThread()
    nodes[index].policies[thread] = .suspend
    let token = token(.spawn(id, thread), at: index)
    feed(index) { $0.beginSpawn(of: thread, in: id, .suspend, token, now: $1, effects: &$2) }
    // Now and then somebody shuts it down while the thread is on its way.
    let other = Int(random.below(UInt64(nodes.count)))
    guard random.below(3) == 0, case .running = nodes[other].state else { return }
    shutDown(id, by: other)
  }

  private mutating func shutDownSomething(at index: Int) {
    guard let id = someCustodian() else { return }
    shutDown(id, by: index)
  }

  private mutating func shutDown(_ id: SharedCustodianID, by index: Int) {
    let token = token(.shutdown(id), at: index)
    feed(index) { $0.shutDownCustodian(id, token, now: $1, effects: &$2) }
  }

  private mutating func endSomething(at index: Int) {
    let bodies = nodes[index].bodies
    guard !bodies.isEmpty else { return }
    order(.kill, of: bodies[Int(random.below(UInt64(bodies.count)))].thread, at: index)
  }

  private mutating func someCustodian() -> SharedCustodianID? {
    guard !custodians.isEmpty else { return nil }
    return custodians.suffix(4).randomElement(using: &random)
  }

  // MARK: - Answers

  mutating func answered(_ token: ClusterToken, _ reply: ClusterReply, at index: Int) {
    guard let errand = nodes[index].errands[token] else { return }
    switch (errand, reply) {
    case (.name(let name, let thread), .claimed(let fence)):
      let policy = nodes[index].policies[thread] ?? .suspend
      if startBody(thread, policy, name: (name, fence), at: index) {
        announce(thread, policy, at: index)
      } else {
        threadEnded(thread, at: index)
      }
    case (.name(_, let thread), .nameHeld), (.name(_, let thread), .refused):
      // It was to begin with the name, and does not without.
      threadEnded(thread, at: index)
    case (.spawn(let id, let thread), .spawnPermitted):
      spawnPermitted(token, thread, in: id, at: index)
      return
    case (.spawn(_, let thread), .spawnAcknowledged):
      see(.acknowledged(thread))
      announce(thread, .suspend, at: index)
    case (.custodian, .custodianMade(let id)): custodians.append(id)
    case (.shutdown, .begun): return
    case (.shutdown(let id), .complete): see(.complete(id, at: observer(index)))
    default: break
    }
    nodes[index].errands[token] = nil
  }

  private mutating func spawnPermitted(
    _ token: ClusterToken,
    _ thread: ThreadID,
    in id: SharedCustodianID,
    at index: Int
  ) {
    queue.add(.deed(index, thread, .start(id, token, run: nodes[index].run)), at: soon(100))
    guard mutates(.tombstoneRace) else { return }
    see(.acknowledged(thread))
    announce(thread, .suspend, at: index)
  }
}

extension Instant {
  func before(seconds: UInt64) -> Instant { Instant(nanoseconds: nanoseconds - seconds * 1_000_000_000) }
}
