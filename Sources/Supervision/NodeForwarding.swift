internal import Cluster
internal import HeddleModel
internal import HeddleWire

// What clients of this node ask of others: it goes over the link as it is, but for the ids in it, under the client's own
// number. What the link is lost in the middle of is said in NodeForwardedAnswers.

/// Where a request is to be carried out.
private enum Destination {
  case home
  /// The start of another node that has this slot.
  case place(NodeSlot, EntityName)
}

extension Node {
  // MARK: - Requests

  /// Sends a request on if another node is to carry it out.
  ///
  /// - Returns: whether it is not this node's to carry out. A refusal is thrown.
  mutating func forward(
    _ request: Request,
    _ id: RequestID,
    on client: ConnectionID,
    effects: inout Effects
  ) throws(WireRefusal) -> Bool {
    if case .cancel(let other) = request.command, request.node == nil {
      return forwardCancel(of: other, id, on: client, effects: &effects)
    }
    if case .barrier = request.command, request.node == nil {
      return try spreadBarrier(id, on: client, effects: &effects)
    }
    let attempted = request.command.attempted
    let destination = try destination(request.node, request.command.thread, attempted: attempted)
    guard case .place(let slot, let node) = destination else { return false }
    try requireReach(of: request.command, on: client, node)
    try requireLink(to: slot, node, attempted: attempted)
    try requireRoomForMatter(on: client, slot, attempted)
    let command: Request.Command
    do throws(ForeignThread) { command = try request.command.translated(.outgoing(to: node, slot)) } catch {
      throw Sentences.foreign(error, node, attempted: attempted)
    }
    try ask(Request(command, as: request.authority), id, of: slot, for: client, effects: &effects)
    return true
  }

  /// The request as this node understands it, which may have been called by its own name.
  func atHome(_ request: Request) throws(WireRefusal) -> Request {
    guard let node = cluster?.configuration.node, request.node != nil || request.command.mentionsNode else {
      return request
    }
    do throws(ForeignThread) {
      return Request(try request.command.translated(.home(node)), as: request.authority)
    } catch {
      throw Sentences.foreign(error, node, attempted: request.command.attempted)
    }
  }

  /// - Parameter thread: whose node it is, unless `named` says.
  private func destination(
    _ named: EntityName?,
    _ thread: ThreadReference?,
    attempted: String
  ) throws(WireRefusal) -> Destination {
    let slot = thread?.slot ?? .home
    guard let name = named ?? thread?.node else {
      guard slot != .home else { return .home }
      return .place(slot, try place(of: slot, thread, attempted).node)
    }
    guard let cluster else { throw Sentences.noCluster(attempted, "node \(name)") }
    if name == cluster.configuration.node {
      guard slot == .home else {
        throw Sentences.foreign(ForeignThread(reference: thread?.description ?? ""), name, attempted: attempted)
      }
      return .home
    }
    guard let index = cluster.index(of: name) else {
      throw Sentences.unknownNode(name, cluster.configuration, attempted: attempted)
    }
    if let thread, slot != .home {
      guard cluster.place(of: slot)?.node == name else {
        throw Sentences.foreign(ForeignThread(reference: "\(thread)"), name, attempted: attempted)
      }
      return .place(slot, name)
    }
    guard let current = cluster.neighbours[index].slot else {
      throw Sentences.unreachable(name, cluster.neighbours[index].obstacle?.text, attempted: attempted)
    }
    return .place(current, name)
  }

  /// The start of a node that is meant by an id that begins with `slot`.
  private func place(
    of slot: NodeSlot,
    _ thread: ThreadReference?,
    _ attempted: String
  ) throws(WireRefusal) -> Cluster.Place {
    guard let place = cluster?.place(of: slot) else {
      throw Sentences.noSuchSlot(thread ?? .id(ThreadID(rawValue: slot.frameID)), attempted: attempted)
    }
    return place
  }

  private func requireReach(
    of command: Request.Command,
    on client: ConnectionID,
    _ node: EntityName
  ) throws(WireRefusal) {
    guard connections[client]?.guest == nil else { throw Sentences.secondHand(attempted: command.attempted) }
    switch command.reach {
    case .all: return
    case .home: throw Sentences.homeOnly(command.attempted)
    case .root:
      guard connections[client]?.session.grant == kernel.root else {
        throw Sentences.needsRoot(node, attempted: command.attempted)
      }
    }
  }

  /// Throws unless something can be asked of that start of the node.
  private func requireLink(to slot: NodeSlot, _ node: EntityName, attempted: String) throws(WireRefusal) {
    guard let cluster, let index = cluster.index(of: node), cluster.neighbours[index].slot == slot else {
      throw Sentences.nodeLost(node, attempted: attempted)
    }
    guard let link = cluster.neighbours[index].link else {
      throw Sentences.unreachable(node, cluster.neighbours[index].obstacle?.text, attempted: attempted)
    }
    guard cluster.epoch != 0 else { throw Sentences.outside(cluster.configuration.node, node, attempted: attempted) }
    guard cluster.links[link]?.reception != .refuse else {
      throw Sentences.outside(node, node, attempted: attempted)
    }
    guard cluster.links[link]?.load != .all else { throw Sentences.congested(node, attempted: attempted) }
  }

  private func requireRoomForMatter(on client: ConnectionID, _ slot: NodeSlot, _ attempted: String) throws(WireRefusal)
  {
    guard cluster?.dealings[client]?[slot]?.matters.count ?? 0 < Limits.openRequestsMax else {
      throw Sentences.tooManyOpen(attempted, "another node")
    }
  }

  private mutating func ask(
    _ request: Request,
    _ id: RequestID,
    of slot: NodeSlot,
    for client: ConnectionID,
    effects: inout Effects
  ) throws(WireRefusal) {
    let (body, matter) = (request.encoded(), Dealings.Matter(request))
    let first = if case .finding(let thread) = matter { Request(.find(thread)).encoded() } else { body }
    guard
      say(
        to: slot,
        for: client,
        effects: &effects,
        { writer throws(FrameError) in
          try writer.append(.request, id: id.rawValue, body: first.span)
        }
      )
    else { throw Sentences.tooMany("bytes in a request", body.count, attempted: "send on", subject: "a request") }
    cluster?.dealings[client]?[slot]?.matters[id.rawValue] = matter
  }

  /// Writes frames of a client to another node.
  ///
  /// - Returns: whether there is a link that takes them.
  @discardableResult
  mutating func say(
    to slot: NodeSlot,
    for client: ConnectionID,
    effects: inout Effects,
    _ write: (inout FrameWriter) throws(FrameError) -> Void
  ) -> Bool {
    guard let cluster, let link = cluster.link(to: slot), let bodyMax = cluster.links[link]?.bodyMax else {
      return false
    }
    var writer = FrameWriter(bodyMax: bodyMax)
    do throws(FrameError) { try write(&writer) } catch { return false }
    openClient(client, slot, link, effects: &effects)
    effects.append(.send(link, .fromClient(client.rawValue, frames: writer.take())))
    return true
  }

  /// The other node knows of the client from now on.
  func linkClient(_ client: ConnectionID) -> LinkClient {
    let connection = connections[client]
    return LinkClient(peer: connection?.peer.text ?? "", bodyMax: connection?.bodyMax ?? BodyLimit.usual)
  }

  mutating func openClient(_ client: ConnectionID, _ slot: NodeSlot, _ link: ConnectionID, effects: inout Effects) {
    guard cluster?.dealings[client]?[slot]?.isOpen != true else { return }
    cluster?.dealings[client, default: [:]][slot, default: Dealings()].isOpen = true
    effects.append(.send(link, .clientOpen(linkClient(client), client.rawValue)))
  }

  // MARK: - Cancelling

  /// - Returns: whether the request that is to be withdrawn is another node's.
  private mutating func forwardCancel(
    of other: RequestID,
    _ id: RequestID,
    on client: ConnectionID,
    effects: inout Effects
  ) -> Bool {
    guard let (slot, matter) = matter(other.rawValue, of: client) else { return false }
    let isAnswered: Bool
    switch matter {
    case .barrier:
      forgetBarrier(other, of: client)
      if connections[client]?.barriers.contains(other) == true { return false }
      isAnswered = true
    // The thread is being looked for, and the wait is not begun.
    case .finding: isAnswered = true
    case .once, .wait, .watch, .stream: isAnswered = cluster?.link(to: slot) == nil
    }
    if isAnswered {
      cluster?.dealings[client]?[slot]?.matters[other.rawValue] = nil
      effects.append(.send(client, .refusal(Sentences.cancelled("wait for", "another node"), other)))
      effects.append(.send(client, .reply(.done, id)))
      return true
    }
    say(to: slot, for: client, effects: &effects) { writer throws(FrameError) in
      try writer.request(Request(.cancel(other)), id: id)
    }
    cluster?.dealings[client]?[slot]?.matters[id.rawValue] = .once("cancel")
    return true
  }

  /// What the client has asked of another node under this number, and of which.
  func matter(_ number: UInt64, of client: ConnectionID) -> (NodeSlot, Dealings.Matter)? {
    guard let dealings = cluster?.dealings[client] else { return nil }
    for (slot, dealing) in dealings {
      if let matter = dealing.matters[number] { return (slot, matter) }
    }
    return nil
  }

  // MARK: - Watches and streams

  /// Sends a watch on if it is of another node's thread.
  ///
  /// - Returns: whether it is. A refusal is thrown.
  mutating func forward(
    _ event: StateEvent,
    _ number: UInt64,
    on client: ConnectionID,
    effects: inout Effects
  ) throws(WireRefusal) -> Bool {
    guard event.thread.slot != .home else { return false }
    let slot = event.thread.slot
    let node = try place(of: slot, .id(event.thread), "watch").node
    guard connections[client]?.guest == nil else { throw Sentences.secondHand(attempted: "watch") }
    try requireLink(to: slot, node, attempted: "watch")
    try requireRoomForMatter(on: client, slot, "watch")
    guard let body = try? event.translated(.outgoing(to: node, slot)).encoded() else { return true }
    say(to: slot, for: client, effects: &effects) { writer throws(FrameError) in
      try writer.append(.watch, id: number, body: body.span)
    }
    cluster?.dealings[client]?[slot]?.matters[number] = .watch(event, body)
    return true
  }

  /// Sends the wish for a stream on if it is of another node's thread.
  ///
  /// - Returns: whether it is. A refusal is thrown.
  mutating func forward(
    _ wish: Attach,
    _ number: UInt64,
    on client: ConnectionID,
    effects: inout Effects
  ) throws(WireRefusal) -> Bool {
    let slot: NodeSlot
    let node: EntityName
    switch wish.target {
    case .spawn(let request):
      guard let (place, _) = matter(request.rawValue, of: client) else { return false }
      (slot, node) = (place, try self.place(of: place, nil, "attach to").node)
    case .thread(let thread):
      guard case .place(let place, let name) = try destination(nil, thread, attempted: "attach to") else {
        return false
      }
      (slot, node) = (place, name)
    }
    guard connections[client]?.guest == nil else { throw Sentences.secondHand(attempted: "attach to") }
    guard !wish.holdsProgram || connections[client]?.session.grant == kernel.root else {
      throw Sentences.needsRoot(node, attempted: "hold a program of")
    }
    try requireLink(to: slot, node, attempted: "attach to")
    try requireRoomForMatter(on: client, slot, "attach to")
    guard let translated = try? wish.translated(.outgoing(to: node, slot)) else { return true }
    say(to: slot, for: client, effects: &effects) { writer throws(FrameError) in
      try writer.attach(translated, id: StreamID(rawValue: number))
    }
    cluster?.dealings[client]?[slot]?.matters[number] = .stream
    return true
  }

  /// Sends a frame on that concerns a watch or a stream of another node.
  ///
  /// - Returns: whether it does.
  mutating func forwardOfMatter(_ frame: Frame, on client: ConnectionID, effects: inout Effects) -> Bool {
    guard cluster != nil, let (slot, _) = matter(frame.header.id, of: client) else { return false }
    let isLast = frame.header.kind == .unwatch || frame.header.kind == .close
    if isLast { cluster?.dealings[client]?[slot]?.matters[frame.header.id] = nil }
    guard cluster?.link(to: slot) != nil else { return true }
    say(to: slot, for: client, effects: &effects) { writer throws(FrameError) in
      try writer.append(frame.header.kind, id: frame.header.id, body: frame.body.span)
    }
    return true
  }

  // MARK: - Barriers

  /// Asks all nodes that the client has had to do with, if there are any, for their part of a barrier.
  ///
  /// - Returns: whether there are any.
  private mutating func spreadBarrier(
    _ id: RequestID,
    on client: ConnectionID,
    effects: inout Effects
  ) throws(WireRefusal) -> Bool {
    let open = cluster?.dealings[client]?.filter { $0.value.isOpen }.keys.sorted() ?? []
    guard !open.isEmpty else { return false }
    for slot in open { try requireRoomForMatter(on: client, slot, Request.Command.barrier.attempted) }
    var count = 1
    for slot in open {
      let isAsked = say(to: slot, for: client, effects: &effects) { writer throws(FrameError) in
        try writer.request(Request(.barrier), id: id)
      }
      guard isAsked else { continue }
      cluster?.dealings[client]?[slot]?.matters[id.rawValue] = .barrier
      count += 1
    }
    cluster?.spread[client, default: [:]][id] = SpreadBarrier(left: count)
    if connections[client]?.barriers.isClear(isObserved: isObserved) == true {
      partOfBarrier(id, on: client, effects: &effects)
    } else {
      connections[client]?.barriers.add(id)
      barred.insert(client)
    }
    return true
  }

  /// A barrier is withdrawn: what other nodes still say of it is of no interest.
  private mutating func forgetBarrier(_ id: RequestID, of client: ConnectionID) {
    cluster?.spread[client]?[id] = nil
    for slot in cluster?.dealings[client]?.keys.sorted() ?? [] {
      cluster?.dealings[client]?[slot]?.matters[id.rawValue] = nil
    }
  }

  /// One of the nodes has observed all that is before a barrier, or will not say: with the last of them it is answered.
  ///
  /// - Parameter failure: why it will not.
  mutating func partOfBarrier(
    _ id: RequestID,
    on client: ConnectionID,
    failure: WireRefusal? = nil,
    effects: inout Effects
  ) {
    var barrier = cluster?.spread[client]?[id] ?? SpreadBarrier(left: 1)
    barrier.left -= 1
    barrier.failure = barrier.failure ?? failure
    guard barrier.left <= 0 else {
      cluster?.spread[client]?[id] = barrier
      return
    }
    cluster?.spread[client]?[id] = nil
    let answer = barrier.failure.map { Outgoing.refusal($0, id) } ?? .reply(.done, id)
    effects.append(.send(client, answer))
  }
}

extension Dealings.Matter {
  /// What is to be remembered of a request, as the other node is asked it.
  fileprivate init(_ request: Request) {
    switch request.command {
    case .wait(let thread): self = .finding(thread)
    case .custodianWait: self = .wait(request.encoded(), nil)
    default: self = .once(request.command.attempted)
    }
  }
}
