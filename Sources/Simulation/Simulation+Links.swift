internal import Cluster
internal import HeddleModel

// MARK: - Links

extension Simulation {
  mutating func transmit(_ packets: [Packet], from: Int, to: Int) {
    for packet in packets {
      let (first, second) = network.arrivals(
        from: from,
        to: to,
        now: now,
        delayMost: settings.delayMost,
        random: &random
      )
      if let first { queue.add(.packet(packet, from: from, to: to), at: first) }
      if let second { queue.add(.packet(packet, from: from, to: to), at: second) }
    }
  }

  mutating func arrive(_ packet: Packet, from: Int, at index: Int, as happening: Happening) {
    switch nodes[index].state {
    case .down: return
    case .stopped: return nodes[index].backlog.append(happening)
    case .running: break
    }
    withLink(of: index, to: from) { link, world, packets, events in
      let greeting = world.greeting(index)
      var session = world.lastSession
      link.receive(
        packet,
        greeting,
        next: {
          session += 1
          return session
        },
        isLax: world.mutates(.linkUnordered),
        now: world.now,
        packets: &packets,
        events: &events
      )
      world.lastSession = session
    }
  }

  mutating func tick(_ index: Int) {
    for peer in nodes.indices where peer != index {
      withLink(of: index, to: peer) { link, world, packets, events in
        var session = world.lastSession
        link.tick(
          world.greeting(index),
          next: {
            session += 1
            return session
          },
          now: world.now,
          packets: &packets,
          events: &events
        )
        world.lastSession = session
      }
    }
  }

  mutating func send(_ frame: Frame, from index: Int, to peer: Int) {
    withLink(of: index, to: peer) { link, world, packets, _ in link.send(frame, now: world.now, packets: &packets) }
  }

  mutating func closeLink(of index: Int, to peer: Int) {
    withLink(of: index, to: peer) { link, world, packets, events in
      link.close(next: world.newSession(), now: world.now, events: &events)
      link.dial(world.greeting(index), packets: &packets)
    }
  }

  /// The greeting changed: all links begin anew.
  mutating func reopenLinks(of index: Int) {
    for peer in nodes.indices where peer != index { closeLink(of: index, to: peer) }
  }

  private mutating func withLink(
    of index: Int,
    to peer: Int,
    _ change: (inout Link, inout Simulation, inout [Packet], inout [Link.Event]) -> Void
  ) {
    guard var link = nodes[index].links[peer] else { return }
    nodes[index].links[peer] = nil
    var packets: [Packet] = []
    var events: [Link.Event] = []
    change(&link, &self, &packets, &events)
    nodes[index].links[peer] = link
    transmit(packets, from: index, to: peer)
    for event in events { linkEvent(event, at: index, with: peer) }
  }

  private mutating func linkEvent(_ event: Link.Event, at index: Int, with peer: Int) {
    let name = nodes[peer].name
    switch event {
    case .opened(let greeting):
      if index == Self.registrarNode { clientCame(peer) }
      feed(index) { $0.linkUp(name, greeting, effects: &$2) }
      guard peer == Self.registrarNode else { return }
      feed(index) { $0.coordinatorFound(now: $1, effects: &$2) }
      if mutates(.resumedTooEarly) {
        for body in nodes[index].bodies { order(.thaw, of: body.thread, at: index) }
      }
    case .closed:
      nodes[index].held[peer] = []
      if index == Self.registrarNode { clientLeft(peer) }
      feed(index) { $0.linkDown(name, effects: &$2) }
      if peer == Self.registrarNode {
        nodes[index].asked = [:]
        feed(index) { $0.coordinatorLost(now: $1, effects: &$2) }
      }
      if mutates(.deathOnSilence) {
        for remote in nodes[index].remotes where remote.node == peer { seeDeath(remote.thread, at: index) }
      }
    case .received(let frame): receive(frame, from: peer, at: index)
    }
  }

  // MARK: - Frames

  private mutating func receive(_ frame: Frame, from peer: Int, at index: Int) {
    switch frame {
    case .request(let id, let request): registrarAsked(id, request, by: peer)
    case .answer(let id, let answer): coordinatorAnswered(id, answer, at: index)
    case .news(let id, let standing, let news): coordinatorTold(id, standing, news, at: index)
    case .mail, .announce, .died, .ask:
      switch reception(of: peer, at: index) {
      case .take: take(frame, from: peer, at: index)
      case .hold: nodes[index].held[peer].append(frame)
      case .refuse: break
      }
    }
  }

  /// What comes from daemon to daemon.
  private mutating func take(_ frame: Frame, from peer: Int, at index: Int) {
    switch frame {
    case .request, .answer, .news: break
    case .mail(let letter):
      guard nodes[index].bodies.contains(where: { $0.thread == letter.to }) else { return }
      see(.heard(from: letter.from, to: letter.to, number: letter.number, at: observer(index)))
    case .announce(let threads):
      for known in threads { watch(known, of: peer, at: index) }
    case .died(let thread):
      remoteDied(thread, of: peer, at: index)
    case .ask(let threads):
      for thread in threads where !nodes[index].bodies.contains(where: { $0.thread == thread }) {
        send(.died(thread), from: index, to: peer)
      }
    }
  }

  private func reception(of peer: Int, at index: Int) -> Reception {
    mutates(.epochUnchecked) ? .take : nodes[index].member?.reception(of: nodes[peer].name) ?? .refuse
  }

  mutating func coordinatorAnswered(_ id: CoordinatorRequestID, _ answer: CoordinatorAnswer, at index: Int) {
    if let sent = nodes[index].asked.removeValue(forKey: id), case .kept = answer.response,
      mutates(.leaseFromReceipt)
    {
      nodes[index].lateness = now.nanoseconds - sent.nanoseconds
    }
    feed(index) { $0.answered(id, answer, now: $1, effects: &$2) }
  }

  mutating func coordinatorTold(
    _ id: CoordinatorRequestID,
    _ standing: CoordinatorStanding,
    _ news: CoordinatorNews,
    at index: Int
  ) {
    if mutates(.newsSkipped), random.below(4) == 0 { return }
    feed(index) { $0.told(id, standing, news, now: $1, effects: &$2) }
  }

  /// A node's frames count from now on: each side says what it has, and asks about what it knows of the other.
  mutating func admitted(_ name: NodeName, at index: Int) {
    guard let peer = nodes.firstIndex(where: { $0.name == name }) else { return }
    let living = nodes[index].announced.filter { nodes[index].member?.isDying($0.thread) != true }
    send(.announce(living), from: index, to: peer)
    let known = nodes[index].remotes.filter { $0.node == peer }.map(\.thread)
    if !known.isEmpty, !mutates(.deathsNotAsked) { send(.ask(known), from: index, to: peer) }
    let frames = nodes[index].held[peer]
    nodes[index].held[peer] = []
    for frame in frames { take(frame, from: peer, at: index) }
  }

  private mutating func watch(_ known: Announced, of peer: Int, at index: Int) {
    guard let node = nodes[index].member?.view.nodes[nodes[peer].name],
      !nodes[index].remotes.contains(where: { $0.thread == known.thread })
    else { return }
    let incarnation = node.record.incarnation
    nodes[index].remotes.append(
      SimulatedNode.Remote(thread: known.thread, node: peer, incarnation: incarnation)
    )
    see(.watched(known.thread, by: observer(index)))
    let remote = RemoteThread(node: nodes[peer].name, incarnation: incarnation, id: known.thread)
    feed(index) { $0.watch(remote, in: node.epoch, known.policy, effects: &$2) }
  }

  private mutating func remoteDied(_ thread: ThreadID, of peer: Int, at index: Int) {
    guard let known = nodes[index].remotes.first(where: { $0.thread == thread }) else { return }
    let remote = RemoteThread(node: nodes[peer].name, incarnation: known.incarnation, id: thread)
    feed(index) { $0.remoteDied(remote, effects: &$2) }
  }
}
