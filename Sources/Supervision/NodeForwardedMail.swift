internal import Cluster
internal import HeddleModel
internal import HeddleWire

// Mail to threads of other nodes. It goes over the link as it came, but for the slot in its frames' ids, and in the order in
// which it came; whoever has the thread says what became of it.
//
// A client counts what it sends to each node apart, so that no node's acks wait for another's. The other node keeps for each
// client what it would keep for one of its own: what one client's full mailbox holds back holds back nobody else's mail.
// When more waits to be written to the link than it may, this node refuses mail as a full mailbox does, and tells of room.

extension Node {
  /// Mail has come from a client for a thread of another node.
  mutating func forwardMail(
    _ run: MailRun,
    in chunk: Span<UInt8>,
    from client: ConnectionID,
    effects: inout Effects
  ) {
    guard cluster != nil, connections.look(client, { $0.guest }) == .some(nil) else {
      return refuseConnection(client, Sentences.strayMail(run.receiver), effects: &effects)
    }
    let slot = run.receiver.slot
    if run.flags.contains(.wait) {
      cluster?.dealings[client, default: [:]][slot, default: Dealings()].mail.noteWaiting(for: run.receiver)
    }
    if run.flags.contains(.retry) { cluster?.dealings[client]?[slot]?.mail.heldBack.remove(run.receiver) }
    if let code = refusal(of: run, from: client) {
      return refuseMail(run, code, from: client, effects: &effects)
    }
    guard let link = cluster?.link(to: slot) else { return }
    openClient(client, slot, link, effects: &effects)
    cluster?.dealings[client]?[slot]?.mail.noteSent(run.count)
    effects.append(.send(link, .fromClient(client.rawValue, frames: run.framesForOwner(in: chunk))))
  }

  /// Why this node refuses it; nil if it goes over the link.
  private func refusal(of run: MailRun, from client: ConnectionID) -> RefusalCode? {
    let slot = run.receiver.slot
    guard let place = cluster?.place(of: slot), let index = cluster?.index(of: place.node) else { return .noSuchThread }
    guard cluster?.neighbours[index].slot == slot else { return .nodeLost }
    guard let link = cluster?.neighbours[index].link, cluster?.epoch != 0 else { return .nodeUnreachable }
    guard cluster?.links[link]?.reception != .refuse else { return .nodeUnreachable }
    if run.flags.contains(.wait), cluster?.dealings[client]?[slot]?.mail.heldBack.contains(run.receiver) == true {
      return .mailboxFull
    }
    return cluster?.links[link]?.load == .light ? nil : .mailboxFull
  }

  private mutating func refuseMail(
    _ run: MailRun,
    _ code: RefusalCode,
    from client: ConnectionID,
    effects: inout Effects
  ) {
    let slot = run.receiver.slot
    var dealing = cluster?.dealings[client]?[slot] ?? Dealings()
    dealing.mail.noteRefused(run.count, code)
    if code == .mailboxFull, run.flags.contains(.wait), dealing.mail.heldBack.insert(run.receiver).inserted {
      let awaiting = Link.Awaiting(client: client, receiver: run.receiver)
      if let link = cluster?.link(to: slot) { cluster?.links[link]?.awaitingRoom.append(awaiting) }
    }
    let ack = dealing.mail.takeRefused()
    cluster?.dealings[client, default: [:]][slot] = dealing
    if let ack {
      effects.append(.send(client, .ackOf(slot, ack)))
    } else {
      // It is told behind what is on its way.
      askForAck(of: slot, for: client, effects: &effects)
    }
  }

  /// The client asks for what it is owed by a node.
  mutating func ackAsked(_ frame: Frame, on client: ConnectionID, effects: inout Effects) {
    guard frame.header.id != 0 else {
      connections.change(client) { $0.receipts.ask() }
      return
    }
    askForAck(of: NodeSlot(ofFrame: frame.header.id), for: client, effects: &effects)
  }

  private mutating func askForAck(of slot: NodeSlot, for client: ConnectionID, effects: inout Effects) {
    guard cluster?.dealings[client]?[slot]?.mail.sentCount ?? 0 > 0 else { return }
    say(to: slot, for: client, effects: &effects) { writer throws(FrameError) in try writer.askForAck() }
  }

  /// The other node says what became of a client's mail.
  mutating func ackCame(_ frame: Frame, for client: ConnectionID, _ slot: NodeSlot, effects: inout Effects) throws {
    let ack = try Ack(decoding: frame.body)
    if let told = try cluster?.dealings[client]?[slot]?.mail.receive(ack) {
      effects.append(.send(client, .ackOf(slot, told)))
    }
  }
}

extension Sentences {
  static func strayMail(_ receiver: ThreadID) -> WireRefusal {
    WireRefusal(
      .badRequest,
      attempted: "send mail to",
      subject: "id:\(receiver)",
      reason: "no thread that this connection could know has such an id",
      advice: "ids are those that the supervisor itself has told this connection"
    )
  }
}
