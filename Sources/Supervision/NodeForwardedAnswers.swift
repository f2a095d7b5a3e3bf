internal import HeddleModel
internal import HeddleWire

// What other nodes answer the clients of this one, and what becomes of what is open when a link is lost or comes back.

/// The other end of a link says what makes no sense.
struct LinkFault: Error, CustomStringConvertible {
  let description: String
}

extension Node {
  // MARK: - Answers

  /// A frame has come over a link for a client of this node. What comes for one that is gone, or about what is over, has
  /// crossed with that.
  mutating func answerCame(
    _ frame: Frame,
    for client: ConnectionID,
    over link: Link,
    effects: inout Effects
  ) throws(LinkFault) {
    guard let dealing = cluster?.dealings[client]?[link.slot], dealing.isOpen else { return }
    let number = frame.header.id
    do {
      switch frame.header.kind {
      case .ack: try ackCame(frame, for: client, link.slot, effects: &effects)
      case .room: effects.append(.send(client, .room(ThreadID(rawValue: number).moved(to: link.slot))))
      case .refusal where number == 0:
        refuseConnection(client, try WireRefusal(decoding: frame.body), effects: &effects)
      case .reply, .refusal, .notice, .fired, .attach, .data, .end, .close, .taken:
        guard let matter = dealing.matters[number] else { return }
        try answerCame(frame, to: matter, for: client, over: link, effects: &effects)
      default: throw LinkFault(description: "a \(frame.header.kind) frame for a client")
      }
    } catch {
      throw LinkFault(description: "\(error)")
    }
  }

  private mutating func answerCame(
    _ frame: Frame,
    to matter: Dealings.Matter,
    for client: ConnectionID,
    over link: Link,
    effects: inout Effects
  ) throws {
    let request = RequestID(rawValue: frame.header.id)
    let way = IDTranslation.incoming(from: link.node, link.slot)
    switch frame.header.kind {
    case .reply:
      let reply = try Reply(decoding: frame.body).translated(way)
      noteKept(reply)
      if case .finding = matter, case .thread(let info) = reply {
        return waitForDeath(of: info.id, request, for: client, link.slot, effects: &effects)
      }
      endMatter(request, of: client, link.slot)
      if case .barrier = matter { return partOfBarrier(request, on: client, effects: &effects) }
      effects.append(.send(client, .reply(reply, request)))
    case .refusal:
      let refusal = try WireRefusal(decoding: frame.body).of(link.node)
      endMatter(request, of: client, link.slot)
      if case .barrier = matter { return partOfBarrier(request, on: client, failure: refusal, effects: &effects) }
      effects.append(.send(client, .refusal(refusal, request)))
    case .notice: effects.append(.send(client, .notice(try Notice(decoding: frame.body).translated(way), request)))
    case .fired:
      endMatter(request, of: client, link.slot)
      effects.append(.send(client, .fired(WatchID(rawValue: request.rawValue))))
    default: try streamFrameCame(frame, way, for: client, link.slot, effects: &effects)
    }
  }

  private mutating func streamFrameCame(
    _ frame: Frame,
    _ way: IDTranslation,
    for client: ConnectionID,
    _ slot: NodeSlot,
    effects: inout Effects
  ) throws {
    let stream = StreamID(rawValue: frame.header.id)
    switch frame.header.kind {
    case .attach: effects.append(.send(client, .attached(try Attached(decoding: frame.body).translated(way), stream)))
    case .data: effects.append(.send(client, .data(frame.body, stream)))
    case .taken: effects.append(.send(client, .taken(Taken(decoding: frame.body), stream)))
    case .end:
      endMatter(RequestID(rawValue: stream.rawValue), of: client, slot)
      effects.append(.send(client, .end(stream)))
    default:
      endMatter(RequestID(rawValue: stream.rawValue), of: client, slot)
      effects.append(.send(client, .close(stream)))
    }
  }

  /// Remembers which of the threads that it tells of live on without their node's lease.
  private mutating func noteKept(_ reply: Reply) {
    let infos: [ThreadInfo] =
      switch reply {
      case .thread(let info), .spawned(let info): [info]
      case .threads(let infos, _): infos
      case .threadDetail(let detail): [detail.thread]
      default: []
      }
    for info in infos where info.onPartition == .keep {
      if info.state == .dead { cluster?.kept.remove(info.id) } else { cluster?.kept.insert(info.id) }
    }
    if case .died(let thread, _) = reply { cluster?.kept.remove(thread) }
  }

  private mutating func endMatter(_ request: RequestID, of client: ConnectionID, _ slot: NodeSlot) {
    cluster?.dealings[client]?[slot]?.matters[request.rawValue] = nil
  }

  /// It is known which thread a wait is for: from now on it is waited for that one.
  private mutating func waitForDeath(
    of thread: ThreadID,
    _ request: RequestID,
    for client: ConnectionID,
    _ slot: NodeSlot,
    effects: inout Effects
  ) {
    let body = Request(.wait(.id(thread.moved(to: .home)))).encoded()
    cluster?.dealings[client]?[slot]?.matters[request.rawValue] = .wait(body, thread)
    say(to: slot, for: client, effects: &effects) { writer throws(FrameError) in
      try writer.append(.request, id: request.rawValue, body: body.span)
    }
  }

  // MARK: - The end of a link, and of a client

  /// A link is lost. What only waits is kept, and asked again when it is back; of all else nobody knows what became of it.
  mutating func suspendDealings(with link: Link, effects: inout Effects) {
    for client in cluster?.dealings.keys.sorted() ?? [] {
      guard var dealing = cluster?.dealings[client]?[link.slot], dealing.isOpen else { continue }
      dealing.isOpen = false
      if let ack = dealing.mail.loseLink() { effects.append(.send(client, .ackOf(link.slot, ack))) }
      // Whoever waits for room learns by trying again that there is no link.
      for receiver in dealing.mail.takeWaitedFor() { effects.append(.send(client, .room(receiver))) }
      var isBarred: [RequestID] = []
      for (number, matter) in dealing.matters.sorted(by: { $0.key < $1.key }) where !matter.outlastsLink {
        dealing.matters[number] = nil
        let request = RequestID(rawValue: number)
        switch matter {
        case .barrier: isBarred.append(request)
        case .once(let attempted): refuse(request, of: client, indeterminate(link.node, attempted), effects: &effects)
        case .stream: refuse(request, of: client, indeterminate(link.node, "go on with a stream of"), effects: &effects)
        case .finding, .wait, .watch: break
        }
      }
      cluster?.dealings[client]?[link.slot] = dealing
      let failure = indeterminate(link.node, Request.Command.barrier.attempted)
      for request in isBarred { partOfBarrier(request, on: client, failure: failure, effects: &effects) }
    }
  }

  private func indeterminate(_ node: EntityName, _ attempted: String) -> WireRefusal {
    Sentences.indeterminate(node, attempted: attempted)
  }

  private func refuse(_ request: RequestID, of client: ConnectionID, _ refusal: WireRefusal, effects: inout Effects) {
    effects.append(.send(client, .refusal(refusal, request)))
  }

  /// The stay of a node has ended, and with it the threads that this node's clients knew by `slot`. Who waits for the death of
  /// one is told of it.
  mutating func nodeLost(_ slot: NodeSlot, _ node: EntityName, effects: inout Effects) {
    for client in cluster?.dealings.keys.sorted() ?? [] {
      guard let dealing = cluster?.dealings[client]?[slot] else { continue }
      for (number, matter) in dealing.matters.sorted(by: { $0.key < $1.key }) {
        // Whether it lives on is not known, and is asked when there is a link to this start of the node again.
        if let thread = matter.thread, cluster?.kept.contains(thread) == true { continue }
        cluster?.dealings[client]?[slot]?.matters[number] = nil
        tellLoss(of: node, matter, number, to: client, effects: &effects)
      }
    }
    endOrphans(effects: &effects) { $0.node == node && $0.slot == slot }
  }

  private mutating func tellLoss(
    of node: EntityName,
    _ matter: Dealings.Matter,
    _ number: UInt64,
    to client: ConnectionID,
    effects: inout Effects
  ) {
    let request = RequestID(rawValue: number)
    switch matter {
    case .wait(_, let thread?):
      let death = DeathRecord(cause: .nodeLost(node), unreadMail: 0)
      effects.append(.send(client, .reply(.died(thread, death), request)))
    case .watch(let event, _) where event.kind == .death:
      effects.append(.send(client, .fired(WatchID(rawValue: number))))
    case .barrier:
      partOfBarrier(request, on: client, failure: Sentences.nodeLost(node, attempted: "wait for"), effects: &effects)
    case .once, .finding, .wait, .watch, .stream:
      refuse(request, of: client, Sentences.nodeLost(node, attempted: "wait for"), effects: &effects)
    }
  }

  /// A link is open: the clients that waited for it are announced, and what they wait for is asked again.
  mutating func reopenClients(on link: ConnectionID, _ slot: NodeSlot, effects: inout Effects) {
    for client in cluster?.dealings.keys.sorted() ?? [] {
      guard let dealing = cluster?.dealings[client]?[slot] else { continue }
      openClient(client, slot, link, effects: &effects)
      for (number, matter) in dealing.matters.sorted(by: { $0.key < $1.key }) {
        say(to: slot, for: client, effects: &effects) { writer throws(FrameError) in
          switch matter {
          case .finding(let thread): try writer.request(Request(.find(thread)), id: RequestID(rawValue: number))
          case .wait(let body, _): try writer.append(.request, id: number, body: body.span)
          case .watch(_, let body): try writer.append(.watch, id: number, body: body.span)
          case .once, .stream, .barrier: break
          }
        }
      }
    }
  }

  /// A client of this node is gone: the others are told.
  mutating func endDealings(of client: ConnectionID, effects: inout Effects) {
    guard let dealings = cluster?.dealings.removeValue(forKey: client) else { return }
    cluster?.spread[client] = nil
    for slot in dealings.keys.sorted() where dealings[slot]?.isOpen == true {
      if let link = cluster?.link(to: slot) { effects.append(.send(link, .clientClose(client.rawValue))) }
    }
  }
}

extension WireRefusal {
  /// The same, said by another node.
  fileprivate func of(_ node: EntityName) -> WireRefusal {
    WireRefusal(
      code,
      attempted: attempted,
      subject: subject,
      reason: "on node \(node), \(reason)",
      advice: advice,
      errorNumber: errorNumber
    )
  }
}
