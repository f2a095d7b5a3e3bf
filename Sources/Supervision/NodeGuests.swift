internal import Cluster
internal import HeddleModel
internal import HeddleWire

// The clients of other nodes. Each is a connection here, with a session, waits, streams and mail of its own: only its frames
// come over the link that it shares with others.

/// A connection whose frames come over a link.
struct Guest: Equatable, Sendable {
  let link: ConnectionID
  /// The other node's number for the client.
  let number: UInt64
}

/// What a client of another node has here in its session, while the link that it came over is lost.
struct OrphanSession: Sendable {
  let node: EntityName
  let slot: NodeSlot
  let number: UInt64
  /// As it was when the link was lost, but for what it waited for.
  let connection: Connection
  /// By when the client has to come back; nil while there is no link to its node.
  var until: Instant?
}

extension Node {
  /// Over which link, and under which number, what is sent to the connection goes; nil for one that has a stream of its own.
  package func route(to connection: ConnectionID) -> (link: ConnectionID, client: UInt64)? {
    (connections.look(connection) { $0.guest } ?? nil).map { ($0.link, $0.number) }
  }

  // MARK: - Frames of a link

  /// A frame of an open link, or of one that is being opened.
  mutating func linkFrameCame(_ frame: Frame, on id: ConnectionID, effects: inout Effects) {
    guard cluster?.links[id] != nil else { return greetingFrameCame(frame, on: id, effects: &effects) }
    heard(on: id, effects: &effects)
    guard let link = cluster?.links[id] else { return }
    do throws(LinkFault) {
      switch frame.header.kind {
      case .ping: effects.append(.send(id, .pong))
      case .pong: break
      case .coordinatorRequest, .coordinatorAnswer, .coordinatorNews:
        try coordinatorFrameCame(frame, on: id, effects: &effects)
      case .refusal where link.reception != .take && link.isUnseenForLink && frame.header.id == 0:
        try linkRefusalCame(frame, on: id, effects: &effects)
      case _ where link.reception == .refuse: noteUnseen(frame, on: id)
      case _ where link.reception == .hold:
        noteUnseen(frame, on: id)
        hold(.frame(frame), frame.body.count, on: id, effects: &effects)
      case .clientOpen: try openGuest(frame, on: id, effects: &effects)
      case .client: cluster?.links[id]?.subject = .guest(frame.header.id)
      case .clientClose: closeGuest(frame.header.id, on: id, effects: &effects)
      case .answer:
        let number = frame.header.id
        cluster?.links[id]?.subject = number == 0 ? .link : .client(ConnectionID(rawValue: number))
      default: try concernedFrameCame(frame, link, on: id, effects: &effects)
      }
    } catch {
      refuseConnection(id, Sentences.linkFault(error, link.node), effects: &effects)
    }
  }

  /// A frame that concerns one of the two ends' clients, or the link if it is refused.
  private mutating func concernedFrameCame(
    _ frame: Frame,
    _ link: Link,
    on id: ConnectionID,
    effects: inout Effects
  ) throws(LinkFault) {
    switch link.subject {
    case .guest(let number):
      guard let guest = link.guests[number] else { return }
      if frame.header.kind == .mail || frame.header.kind == .ack { cluster?.links[id]?.touched.append(guest) }
      received(frame, on: guest, effects: &effects)
    case .client(let client): try answerCame(frame, for: client, over: link, effects: &effects)
    case .link:
      guard frame.header.kind == .refusal else {
        throw LinkFault(description: "a \(frame.header.kind) frame that concerns nobody")
      }
      try linkRefusalCame(frame, on: id, effects: &effects)
    }
  }

  /// A frame that is not taken, or not yet, may still say whom the next ones concern.
  private mutating func noteUnseen(_ frame: Frame, on id: ConnectionID) {
    switch frame.header.kind {
    case .client: cluster?.links[id]?.isUnseenForLink = false
    case .answer: cluster?.links[id]?.isUnseenForLink = frame.header.id == 0
    default: break
    }
  }

  /// The other end says why it closes the link.
  private mutating func linkRefusalCame(
    _ frame: Frame,
    on id: ConnectionID,
    effects: inout Effects
  ) throws(LinkFault) {
    guard let refusal = try? WireRefusal(decoding: frame.body) else {
      throw LinkFault(description: "a refusal that can't be read")
    }
    endLink(id, refusal.description, effects: &effects)
  }

  /// The other end has said something, so it is there: one that wants its place is not needed.
  private mutating func heard(on id: ConnectionID, effects: inout Effects) {
    cluster?.links[id]?.pulse.hear(at: now)
    guard cluster?.greetings.isEmpty == false, let node = cluster?.links[id]?.node else { return }
    endTrials(of: node, effects: &effects)
  }

  /// Mail has come over a link, for the receiver that one of the other's clients named.
  mutating func receivedOnLink(_ run: MailRun, in chunk: Span<UInt8>, on id: ConnectionID, effects: inout Effects) {
    switch cluster?.links[id]?.reception {
    case .take, nil: break
    case .refuse?: return
    case .hold?:
      let (run, bytes) = run.detached(from: chunk)
      return hold(.mail(run, bytes), bytes.count, on: id, effects: &effects)
    }
    guard case .guest(let number)? = cluster?.links[id]?.subject else {
      return refuseConnection(id, Sentences.outOfPlace(.mail), effects: &effects)
    }
    heard(on: id, effects: &effects)
    guard let guest = cluster?.links[id]?.guests[number] else { return }
    if cluster?.links[id]?.touched.last != guest { cluster?.links[id]?.touched.append(guest) }
    received(run, in: chunk, on: guest, effects: &effects)
  }

  /// No more frames of a link are at hand: those of the other's clients that mail came from are told what became of it.
  mutating func linkFramesEnded(on id: ConnectionID, effects: inout Effects) {
    guard let touched = cluster?.links[id]?.touched, !touched.isEmpty else { return }
    cluster?.links[id]?.touched = []
    for guest in touched { framesEnded(on: guest, effects: &effects) }
  }

  // MARK: - Coming and going

  private mutating func openGuest(_ frame: Frame, on id: ConnectionID, effects: inout Effects) throws(LinkFault) {
    let (client, number): (LinkClient, UInt64)
    do { (client, number) = (try LinkClient(decoding: frame.body), frame.header.id) } catch {
      throw LinkFault(description: "\(error)")
    }
    guard let link = cluster?.links[id], link.guests[number] == nil else {
      throw LinkFault(description: "client \(number) is there already")
    }
    guard link.guests.count < Limits.linkClientsMax else {
      throw LinkFault(description: "\(Limits.linkClientsMax) clients of it are there already")
    }
    let orphan = cluster?.orphans.firstIndex { $0.slot == link.slot && $0.number == number }
    let session = orphan.flatMap { cluster?.orphans[$0].connection.session } ?? newSession(below: kernel.root)
    var connection = Connection(peer: Peer(client.peer, on: link.node), phase: .open, session: session)
    connection.guest = Guest(link: id, number: number)
    connection.bodyMax = min(client.bodyMax, link.bodyMax)
    if let orphan { connection.held = cluster?.orphans.remove(at: orphan).connection.held ?? [] }
    let guest = connections.insert(connection)
    if let path = session.path { sessions[path] = guest }
    cluster?.links[id]?.guests[number] = guest
    noteLinkDeadline()
  }

  private mutating func closeGuest(_ number: UInt64, on id: ConnectionID, effects: inout Effects) {
    guard let link = cluster?.links[id] else { return }
    if let guest = link.guests[number] { return connectionClosed(guest, effects: &effects) }
    // One that has left while the link was lost.
    endOrphans(effects: &effects) { $0.slot == link.slot && $0.number == number }
  }

  /// A guest's connection is gone.
  mutating func forgetGuest(_ guest: Guest) { cluster?.links[guest.link]?.guests[guest.number] = nil }

  /// A link is lost. What its clients waited for here is given up: they ask again when it is back. Their sessions are kept
  /// for that, with what is in them, until their node is lost, or they have not come back in time.
  mutating func abandonGuests(of link: Link, effects: inout Effects) {
    for (number, id) in link.guests.sorted(by: { $0.key < $1.key }) {
      guard let connection = connections[id] else { continue }
      if connection.session.custodian != nil || !connection.held.isEmpty {
        cluster?.orphans.append(
          OrphanSession(node: link.node, slot: link.slot, number: number, connection: connection)
        )
        if let path = connection.session.path { sessions[path] = nil }
        // They are the orphan's.
        connections[id]?.session = Session(grant: connection.session.grant, path: nil)
        connections[id]?.held = []
      }
      connectionClosed(id, effects: &effects)
    }
  }

  /// Ends what nobody has come back for.
  mutating func endOrphans(effects: inout Effects, where isOver: (OrphanSession) -> Bool) {
    guard let over = cluster?.orphans.filter(isOver), !over.isEmpty else { return }
    cluster?.orphans.removeAll(where: isOver)
    for orphan in over { depart(orphan.connection, effects: &effects) }
  }
}

extension Sentences {
  static func linkFault(_ fault: LinkFault, _ node: EntityName) -> WireRefusal {
    WireRefusal(
      .badRequest,
      attempted: "read",
      subject: "what node \(node) says",
      reason: fault.description,
      advice: "the link is closed, as nothing more can be made of it"
    )
  }
}
