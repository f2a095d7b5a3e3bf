internal import Cluster
internal import HeddleModel

// MARK: - Keepers and threads

extension Simulation {
  /// Tells the keeper the deadline of all that it guards.
  mutating func arm(_ index: Int, _ deadline: Instant?) {
    nodes[index].keeper.deadline = deadline
    nodes[index].keeper.arming += 1
    guard let deadline, !mutates(.keeperUnarmed) else { return }
    var instant = nodes[index].clock.truth(at: deadline)
    if mutates(.fenceLate) { instant = instant.plus(milliseconds: 3_000) }
    instant = Instant(nanoseconds: instant.nanoseconds + nodes[index].lateness)
    queue.add(.fence(index, run: nodes[index].run, arming: nodes[index].keeper.arming), at: max(now, instant))
  }

  /// The keeper's own deadline: it stops what it guards, whatever the daemon does.
  mutating func keeperFences(_ index: Int, run: Int, arming: Int) {
    guard nodes[index].run == run, nodes[index].keeper.arming == arming, nodes[index].state != .down else { return }
    tell("the keeper of \(nodes[index].name) fences")
    for body in nodes[index].bodies {
      switch nodes[index].keeper.guarded[body.thread] {
      case .suspend: schedule(.freeze, of: body.thread, at: index, within: 400)
      case .kill: schedule(.kill, of: body.thread, at: index, within: 400)
      case .keep, nil: break
      }
    }
    report(.keeperFenced, at: index, within: 2)
  }

  /// Has the keeper do something to a thread, in a moment, and after what it was told before.
  mutating func order(_ deed: Deed, of thread: ThreadID, at index: Int) {
    var delay: UInt64 = 0
    if case .freeze = deed {
      delay = nodes[index].lateness + (mutates(.fenceLate) ? 3_000_000_000 : 0)
    }
    if case .kill = deed {
      nodes[index].keeper.doomed.insert(thread)
      if mutates(.endedTooEarly) { threadEnded(thread, at: index) }
    }
    schedule(deed, of: thread, at: index, within: 150, delay: delay)
  }

  /// Stopping a tree takes a while, and each thing that is done to threads comes after the one before.
  private mutating func schedule(
    _ deed: Deed,
    of thread: ThreadID,
    at index: Int,
    within milliseconds: UInt64,
    delay: UInt64 = 0
  ) {
    let instant = max(soon(milliseconds), nodes[index].deedsUntil)
    nodes[index].deedsUntil = Instant(nanoseconds: instant.nanoseconds + delay)
    queue.add(.deed(index, thread, deed), at: nodes[index].deedsUntil)
  }

  mutating func perform(_ deed: Deed, on thread: ThreadID, at index: Int) {
    if case .start(let id, let token, let run) = deed {
      return startPermitted(thread, in: id, token, run: run, at: index)
    }
    guard let place = nodes[index].bodies.firstIndex(where: { $0.thread == thread }) else { return }
    switch deed {
    case .start: break
    case .freeze: nodes[index].bodies[place].isFrozen = true
    case .thaw: nodes[index].bodies[place].isFrozen = false
    case .kill:
      nodes[index].bodies.remove(at: place)
      see(.ended(thread))
      report(.threadEnded(thread), at: index, within: 5)
    }
  }

  private mutating func startPermitted(
    _ thread: ThreadID,
    in id: SharedCustodianID,
    _ token: ClusterToken,
    run: Int,
    at index: Int
  ) {
    guard nodes[index].run == run, nodes[index].state != .down else { return }
    let hasStarted = startBody(thread, .suspend, in: id, at: index)
    report(hasStarted ? .spawned(token, thread) : .spawnFailed(token, thread), at: index, within: 100)
  }

  /// The keeper tells its daemon, over a pipe.
  private mutating func report(_ happening: DaemonHappening, at index: Int, within milliseconds: UInt64) {
    let instant = max(soon(milliseconds), nodes[index].reportsUntil)
    nodes[index].reportsUntil = instant
    queue.add(.daemon(index, run: nodes[index].run, happening), at: instant)
  }

  mutating func newThread() -> ThreadID {
    lastThread += 1
    return ThreadID(rawValue: lastThread)
  }

  /// A program starts, on its daemon's order, unless it is to die already. Past its deadline it starts stopped.
  ///
  /// - Returns: whether it did.
  mutating func startBody(
    _ thread: ThreadID,
    _ policy: PartitionPolicy,
    in custodian: SharedCustodianID? = nil,
    name: (EntityName, Fence)? = nil,
    at index: Int
  ) -> Bool {
    guard !nodes[index].keeper.doomed.contains(thread) else { return false }
    let deadline = nodes[index].keeper.deadline
    let isPast = deadline.map { $0 <= nodes[index].clock.shows(at: now) } ?? false
    nodes[index].bodies.append(
      SimulatedNode.Body(
        thread: thread,
        policy: policy,
        custodian: custodian,
        name: name,
        isFrozen: isPast && policy != .keep && !mutates(.keeperUnarmed)
      )
    )
    see(.started(thread, in: custodian, on: index))
    queue.add(.act(index, thread), at: soon(100))
    return true
  }

  /// A thread does something that can be seen, and perhaps writes to another one.
  mutating func act(_ thread: ThreadID, at index: Int) {
    guard let place = nodes[index].bodies.firstIndex(where: { $0.thread == thread }) else { return }
    queue.add(.act(index, thread), at: now.plus(milliseconds: 200 + random.below(200)))
    let body = nodes[index].bodies[place]
    guard !body.isFrozen else { return }
    see(.acted(thread, under: body.name?.0, body.name?.1))
    let remotes = nodes[index].remotes
    guard !remotes.isEmpty, random.below(3) == 0 else { return }
    let target = remotes[Int(random.below(UInt64(remotes.count)))]
    nodes[index].bodies[place].letters[target.thread, default: 0] += 1
    let number = nodes[index].bodies[place].letters[target.thread] ?? 1
    let letter = Letter(from: thread, to: target.thread, number: number, destination: target.node)
    let happening = Happening.daemon(index, run: nodes[index].run, .letter(letter))
    handle(happening)
  }

  /// The daemon sends a message on, if it may; a message is sent once.
  mutating func post(_ letter: Letter, from index: Int) {
    guard nodes[index].member?.admitted(nodes[letter.destination].name) != nil else { return }
    send(.mail(letter), from: index, to: letter.destination)
  }

  /// Others may know of the thread from now on.
  mutating func announce(_ thread: ThreadID, _ policy: PartitionPolicy, at index: Int) {
    let announced = Announced(thread: thread, policy: policy)
    nodes[index].announced.append(announced)
    for peer in nodes.indices where peer != index && nodes[index].member?.admitted(nodes[peer].name) != nil {
      send(.announce([announced]), from: index, to: peer)
    }
  }

  /// The daemon learns that a thread of its own is dead, and says so.
  mutating func threadEnded(_ thread: ThreadID, at index: Int) {
    nodes[index].keeper.guarded[thread] = nil
    feed(index) { $0.threadEnded(thread, now: $1, effects: &$2) }
    nodes[index].announced.removeAll { $0.thread == thread }
    for peer in nodes.indices where peer != index && nodes[index].member?.admitted(nodes[peer].name) != nil {
      send(.died(thread), from: index, to: peer)
    }
  }

  mutating func shutDown(_ id: SharedCustodianID, at index: Int) {
    for body in nodes[index].bodies where body.custodian == id { order(.kill, of: body.thread, at: index) }
  }
}
