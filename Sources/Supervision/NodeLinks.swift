internal import Cluster
package import HeddleModel
internal import HeddleWire

// The links to the other nodes of the cluster: how they come about, and how they end.

extension Node {
  // MARK: - Inputs

  /// The supervisor is in a cluster from now on. To be called before anything else, once.
  ///
  /// - Parameters:
  ///   - seed: chance, by which renewals of leases are spread.
  ///   - leases: what the leases' clock shows.
  package mutating func join(_ configuration: ClusterConfiguration, seed: UInt64, leases: Instant) {
    cluster = Cluster(configuration, now: now)
    let member = MemberIdentity(
      name: NodeName(configuration.node),
      incarnation: Incarnation(rawValue: identity.incarnation),
      seat: Seat(rawValue: configuration.seat),
      endpoints: configuration.listening.isEmpty ? [] : [configuration.listening],
      version: identity.version,
      terms: configuration.terms
    )
    membership = Membership(member, seed: seed, clock: leases)
  }

  /// Whether it needs more chance than it has.
  package var wantsEntropy: Bool { cluster?.entropy.isLow == true }

  /// Chance, from the system's source of it.
  package mutating func addEntropy(_ bytes: [UInt8]) { cluster?.entropy.add(bytes) }

  /// Somebody has connected where links are accepted, and nothing else.
  ///
  /// - Returns: nil when too many are there already that have not shown who they are; it is to be closed.
  package mutating func linkConnected(at instant: Instant) -> ConnectionID? {
    let silent = greetings.count { connections.look($0) { $0.isForLinks } == true }
    let known = cluster?.greetings.values.count { $0.dialed == nil } ?? 0
    guard silent + known < Limits.linkGreetingsMax else { return nil }
    let id = connectionOpened(by: Peer("a dialer"), at: instant)
    connections[id]?.isForLinks = true
    return id
  }

  /// The stream to another node, which was to be dialed, is there.
  package mutating func dialed(_ id: ConnectionID, effects: inout Effects) {
    guard var greeting = cluster?.greetings[id], greeting.state == .dialing else { return }
    guard let hello = linkHello() else { return refuseConnection(id, Sentences.noEntropy, effects: &effects) }
    greeting.state = .said(hello.encoded())
    cluster?.greetings[id] = greeting
    effects.append(.send(id, .linkHello(hello)))
  }

  /// The stream to another node could not be made.
  ///
  /// - Parameter reason: in words.
  package mutating func dialFailed(_ id: ConnectionID, _ reason: String, effects: inout Effects) {
    endGreeting(id, .stream(reason), effects: &effects)
    connectionClosed(id, effects: &effects)
  }

  /// What still waits to be written to a link, in bytes.
  package mutating func linkQueued(_ id: ConnectionID, _ bytes: Int, effects: inout Effects) {
    guard var link = cluster?.links[id] else { return }
    if bytes > Limits.linkBytesMax {
      link.load = .all
    } else if bytes > Limits.linkMailBytesMax {
      link.load = .mail
    } else if bytes <= Limits.linkMailBytesMax / 2 {
      link.load = .light
      for it in link.awaitingRoom { effects.append(.send(it.client, .room(it.receiver))) }
      link.awaitingRoom = []
    }
    cluster?.links[id] = link
  }

  // MARK: - Time

  /// Dials, asks links whether they live, and ends what has taken too long.
  mutating func linkTimePassed(effects: inout Effects) {
    guard let deadline = cluster?.deadline, deadline <= now else { return }
    for index in cluster?.neighbours.indices ?? 0..<0 {
      if let dialAt = cluster?.neighbours[index].dialAt, dialAt <= now { dial(index, effects: &effects) }
    }
    for (id, greeting) in cluster?.greetings.sorted(by: { $0.key < $1.key }) ?? [] where greeting.due <= now {
      if case .onTrial(let hello, _) = greeting.state {
        admit(id, hello, effects: &effects)
      } else {
        refuseConnection(id, Sentences.linkTooSlow(greeting.dialed), effects: &effects)
      }
    }
    for id in cluster?.links.keys.sorted() ?? [] { feelPulse(of: id, effects: &effects) }
    endOrphans(effects: &effects) { [now] in $0.until.map { $0 <= now } ?? false }
    noteLinkDeadline()
  }

  /// Something has changed that may wait for time.
  mutating func noteLinkDeadline() {
    let next = cluster?.nextDeadline
    cluster?.deadline = next
  }

  private mutating func feelPulse(of id: ConnectionID, effects: inout Effects) {
    let finding = cluster?.links[id]?.pulse.look(at: now)
    switch finding {
    case .silent: effects.append(.send(id, .ping))
    case .lost:
      loseLink(id, "nothing was heard of it for \(Limits.linkPing + Limits.linkPatience)", effects: &effects)
      drop(id, effects: &effects)
    case .alive, nil: break
    }
  }

  private mutating func dial(_ index: Int, effects: inout Effects) {
    guard let neighbour = cluster?.neighbours[index] else { return }
    // No new link for a supervisor that is about to leave.
    guard ending == .no else { cluster?.neighbours[index].rest(); return }
    let peer = Peer(node: neighbour.name)
    let id = connections.insert(Connection(peer: peer, phase: .link, session: newSession(below: kernel.root)))
    cluster?.neighbours[index].dialing(id)
    cluster?.greetings[id] = LinkGreeting(dialed: neighbour.name, state: .dialing, until: now + Limits.handshake)
    effects.append(.dial(id, neighbour.name))
  }

  // MARK: - Greeting

  /// LINK_HELLO: the connection is to be a link.
  mutating func acceptLink(_ frame: Frame, on id: ConnectionID, effects: inout Effects) {
    guard let configuration = cluster?.configuration else {
      return refuseConnection(id, Sentences.noCluster("accept", "a link"), effects: &effects)
    }
    guard connections[id]?.worker == nil, connections[id]?.session.grant == kernel.root else {
      return refuseConnection(id, Sentences.linkOutOfPlace(.linkHello), effects: &effects)
    }
    guard let own = linkHello() else { return refuseConnection(id, Sentences.noEntropy, effects: &effects) }
    connections[id]?.phase = .link
    do throws(WireRefusal) {
      let until = now + Limits.handshake
      let (greeting, code, hello) = try LinkGreeting.accept(frame.body, as: own, configuration, until: until)
      cluster?.greetings[id] = greeting
      effects.append(.send(id, .linkChallenge(code, hello)))
      noteLinkDeadline()
    } catch {
      refuseConnection(id, error, effects: &effects)
    }
  }

  private mutating func linkHello() -> LinkHello? {
    guard let configuration = cluster?.configuration, let nonce = cluster?.entropy.take(LinkHello.nonceCount) else {
      return nil
    }
    return LinkHello(
      cluster: configuration.name,
      node: configuration.node,
      incarnation: identity.incarnation,
      epoch: cluster?.epoch ?? 0,
      daemonVersion: identity.version,
      nonce: nonce
    )
  }

  /// A frame of a connection that is becoming a link.
  mutating func greetingFrameCame(_ frame: Frame, on id: ConnectionID, effects: inout Effects) {
    do throws(WireRefusal) {
      switch frame.header.kind {
      case .linkChallenge: try challenged(by: frame, on: id, effects: &effects)
      case .linkProof: try proved(by: frame, on: id, effects: &effects)
      case .linkOpen: try opened(id, effects: &effects)
      case .refusal where frame.header.id == 0: refusedByPeer(frame, on: id, effects: &effects)
      default: throw Sentences.linkOutOfPlace(frame.header.kind)
      }
      noteLinkDeadline()
    } catch {
      refuseConnection(id, error, effects: &effects)
    }
  }

  private mutating func challenged(by frame: Frame, on id: ConnectionID, effects: inout Effects) throws(WireRefusal) {
    guard let (configuration, greeting) = cluster.flatMap({ it in it.greetings[id].map { (it.configuration, $0) } }),
      case .said(let said) = greeting.state, let own = try? LinkHello(decoding: said)
    else { throw Sentences.linkOutOfPlace(.linkChallenge) }
    let (code, hello) = frame.challenge
    let (theirs, proof) = try greeting.checkChallenge(code, hello, as: own, configuration)
    cluster?.greetings[id]?.state = .proved(theirs)
    effects.append(.send(id, .linkProof(proof, bodyMax: min(theirs.bodyMax, BodyLimit.usual))))
  }

  private mutating func proved(by frame: Frame, on id: ConnectionID, effects: inout Effects) throws(WireRefusal) {
    guard let (configuration, greeting) = cluster.flatMap({ it in it.greetings[id].map { (it.configuration, $0) } })
    else { throw Sentences.linkOutOfPlace(.linkProof) }
    let hello = try greeting.checkProof(LinkCode(frame.body), configuration)
    guard let older = neighbour(hello.node)?.link else { return admit(id, hello, effects: &effects) }
    // It may be dead and not know it: who has lost a link dials anew.
    cluster?.greetings[id]?.state = .onTrial(hello, until: now + Limits.linkTrial)
    cluster?.links[older]?.pulse.ask(at: now)
    effects.append(.send(older, .ping))
  }

  private mutating func opened(_ id: ConnectionID, effects: inout Effects) throws(WireRefusal) {
    guard case .proved(let hello) = cluster?.greetings[id]?.state else { throw Sentences.linkOutOfPlace(.linkOpen) }
    // When both have dialed at once, both have let the other in: each keeps what the smaller name dialed.
    if let other = neighbour(hello.node), other.link != nil, other.incarnation == hello.incarnation, !other.isOursToDial
    {
      throw Sentences.nodeIsLinked(hello.node)
    }
    establish(id, hello, effects: &effects)
  }

  /// The other end has refused, which it says before it closes.
  private mutating func refusedByPeer(_ frame: Frame, on id: ConnectionID, effects: inout Effects) {
    let refusal = (try? WireRefusal(decoding: frame.body)) ?? Sentences.unreadableRefusal
    let seen = refusal.ofStranger
    if case .challenged(let hello, _) = cluster?.greetings[id]?.state, cluster?.isNews(seen.description) == true {
      effects.append(.log("refused by what says that it is node \(hello.node): \(seen)"))
    }
    endGreeting(id, .refused(seen), effects: &effects)
    close(id, effects: &effects)
  }

  /// The older link to the same node has shown that it works: those that want its place are refused.
  mutating func endTrials(of node: EntityName, effects: inout Effects) {
    for (id, greeting) in cluster?.greetings.sorted(by: { $0.key < $1.key }) ?? [] {
      guard case .onTrial(let hello, _) = greeting.state, hello.node == node else { continue }
      refuseConnection(id, Sentences.nodeIsLinked(hello.node), effects: &effects)
    }
  }

  // MARK: - Opening

  private func neighbour(_ node: EntityName) -> Neighbour? {
    cluster.flatMap { cluster in cluster.index(of: node).map { cluster.neighbours[$0] } }
  }

  /// The dialer is let in.
  private mutating func admit(_ id: ConnectionID, _ hello: LinkHello, effects: inout Effects) {
    if let known = neighbour(hello.node)?.incarnation, hello.incarnation < known {
      return refuseConnection(id, Sentences.formerIncarnation(hello.node), effects: &effects)
    }
    effects.append(.send(id, .linkOpen(bodyMax: min(hello.bodyMax, BodyLimit.usual))))
    establish(id, hello, effects: &effects)
  }

  /// Both ends believe each other.
  private mutating func establish(_ id: ConnectionID, _ hello: LinkHello, effects: inout Effects) {
    guard let index = cluster?.index(of: hello.node) else { return }
    if let older = neighbour(hello.node)?.link {
      loseLink(older, "another link has taken its place", effects: &effects)
      drop(older, effects: &effects)
    }
    guard let slot = cluster?.slot(of: Cluster.Place(node: hello.node, incarnation: hello.incarnation)) else {
      return refuseConnection(id, Sentences.noSlot(hello.node), effects: &effects)
    }
    cluster?.greetings[id] = nil
    connections[id]?.peer = Peer(node: hello.node)
    cluster?.neighbours[index].linked(by: id, at: now)
    cluster?.neighbours[index].incarnation = hello.incarnation
    cluster?.neighbours[index].slot = slot
    cluster?.neighbours[index].daemonVersion = hello.daemonVersion
    let bodyMax = min(hello.bodyMax, BodyLimit.usual)
    cluster?.links[id] = Link(node: hello.node, slot: slot, bodyMax: bodyMax, pulse: LinkPulse(at: now))
    effects.append(.log("linked to node \(hello.node)"))
    memberLinked(id, hello, effects: &effects)
    noteLinkDeadline()
  }

  // MARK: - Ending

  /// This end has refused a link, or what was to become one: it is told, and is to be closed. No effect on others.
  mutating func linkRefused(_ id: ConnectionID, _ refusal: WireRefusal, effects: inout Effects) {
    guard cluster?.links[id] == nil else { return endLink(id, refusal.description, effects: &effects) }
    // Who is refused tries again; to say it once is enough.
    if (cluster?.greetings[id]?.dialed ?? nil) == nil, cluster?.isNews(refusal.description) == true {
      effects.append(.log("refused a link: \(refusal)"))
    }
    endGreeting(id, .refused(refusal), effects: &effects)
  }

  /// What was said in it is not true any more: it is begun anew by whoever dialed.
  mutating func abandonGreeting(_ id: ConnectionID, effects: inout Effects) {
    endGreeting(id, .stream("this node's stay in the cluster has changed"), effects: &effects)
    drop(id, effects: &effects)
  }

  /// The connection is a link no more, nor becoming one. No effect on others.
  mutating func endLink(_ id: ConnectionID, _ reason: String, effects: inout Effects) {
    guard cluster != nil else { return }
    endGreeting(id, .stream(reason), effects: &effects)
    loseLink(id, reason, effects: &effects)
    noteLinkDeadline()
  }

  /// - Parameter why: also told to the log, if it is news.
  mutating func endGreeting(_ id: ConnectionID, _ why: Neighbour.Obstacle, effects: inout Effects) {
    guard let greeting = cluster?.greetings.removeValue(forKey: id), let dialed = greeting.dialed,
      let index = cluster?.index(of: dialed), var cluster
    else { return }
    // The link that the other end prefers may be there already.
    guard cluster.neighbours[index].link == nil else { return }
    let isNews = cluster.neighbours[index].failed(id, why, at: now, &cluster.entropy)
    self.cluster = cluster
    if isNews { effects.append(.log("node \(dialed) is not linked: \(why.text)")) }
    noteLinkDeadline()
  }

  /// An open link is no more: what went over it is told so. No effect on others.
  mutating func loseLink(_ id: ConnectionID, _ reason: String, effects: inout Effects) {
    guard let link = cluster?.links.removeValue(forKey: id) else { return }
    if let index = cluster?.index(of: link.node), var cluster, cluster.neighbours[index].link == id {
      cluster.neighbours[index].lost(reason, at: now, &cluster.entropy)
      self.cluster = cluster
    }
    effects.append(.log("the link to node \(link.node) is lost: \(reason)"))
    abandonGuests(of: link, effects: &effects)
    suspendDealings(with: link, effects: &effects)
    memberUnlinked(id, link.node, effects: &effects)
    noteLinkDeadline()
  }

  /// Closes the connection of a link that is lost, with what waits to be written to it.
  mutating func drop(_ id: ConnectionID, effects: inout Effects) {
    connections[id]?.phase = .closing
    effects.append(.drop(id))
  }

  /// Closes a connection that nothing more is to be said to.
  private mutating func close(_ id: ConnectionID, effects: inout Effects) {
    guard connections.look(id, { $0.phase }) != .closing else { return }
    connections[id]?.phase = .closing
    effects.append(.close(id))
  }
}

extension WireRefusal {
  /// The same, for a log and for people, from somebody who has not shown who it is: short, and without what could pass for
  /// another line.
  fileprivate var ofStranger: WireRefusal {
    func plain(_ text: String) -> String {
      String(
        String.UnicodeScalarView(text.unicodeScalars.prefix(200).map { $0.value < 32 || $0.value == 127 ? "." : $0 })
      )
    }
    return WireRefusal(
      code,
      attempted: plain(attempted),
      subject: plain(subject),
      reason: plain(reason),
      advice: plain(advice),
      errorNumber: errorNumber
    )
  }
}
