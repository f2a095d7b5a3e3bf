import Cluster
import HeddleModel
import HeddleWire
import Supervision

/// Several nodes, and streams between them that do what a story says.
struct ClusterWorld {
  /// A stream between two nodes; one is dialed to the other.
  struct Wire {
    let ends: [End]
    /// Nothing gets through any more, and neither end has noticed.
    var isSilent = false
  }

  struct End {
    let node: String
    let connection: ConnectionID
    /// What comes from the other end, cut into frames.
    var reader = FrameReader(bodyMax: BodyLimit.usual)
  }

  private(set) var worlds: [String: NodeWorld] = [:]
  private(set) var wires: [Wire] = []
  /// Nobody can be dialed there.
  var unreachable: Set<String> = []
  /// How often each was dialed.
  private(set) var dialCounts: [String: Int] = [:]
  /// What the registrars that are gone have left on their disks.
  private var journals: [String: [JournalRecord]] = [:]
  private var foundings: UInt64 = 0

  /// The node that keeps what all agree on; nil is the one whose name comes first.
  private var registrar: String?

  init() {}

  /// Nodes that can dial each other and know nobody who could let them join: links, and nothing but links.
  init(unjoined names: String...) {
    registrar = "nobody"
    for name in names { add(name, peers: names.filter { $0 != name }) }
  }

  /// Nodes each of which can dial all others; they have joined the cluster, and are linked.
  init(_ names: String..., registrar: String? = nil) {
    self.registrar = registrar
    for name in names { add(name, peers: names.filter { $0 != name }) }
    converge()
  }

  /// Passes the time until every node sees every other one in the cluster, and is linked to it.
  mutating func converge() {
    for _ in 0..<200 where !isConverged { pass(.milliseconds(100)) }
    precondition(isConverged, "the nodes of a cluster find each other: \(worlds.mapValues(\.logLines))")
  }

  private var isConverged: Bool {
    worlds.keys.allSatisfy { one in
      worlds.keys.allSatisfy { other in
        let seen = node(other, seenFrom: one)
        return seen?.standing == .joined && (one == other || seen?.state == .linked)
      }
    }
  }

  /// Adds a node, or starts one anew.
  mutating func add(
    _ name: String,
    peers: [String],
    cluster: String = "test",
    secret: UInt8 = 1,
    incarnation: UInt64 = 7,
    slotsMax: UInt16 = .max,
    reached isReached: Bool = true
  ) {
    let registrar = registrar ?? ([name] + peers).min() ?? name
    var configuration = ClusterConfiguration(
      name: Self.name(cluster),
      node: Self.name(name),
      listening: "",
      peers: peers.map { ClusterConfiguration.Peer(name: Self.name($0), address: isReached ? "somewhere" : nil) },
      registrar: Self.name(registrar),
      seat: UInt64(name.utf8.first ?? 0),
      code: { Self.code($0, secret) }
    )
    configuration.slotsMax = slotsMax
    configuration.terms = Self.terms
    var world = NodeWorld(name, incarnation: incarnation)
    world.step { node, _ in
      node.join(configuration, seed: 1, leases: Instant(nanoseconds: 1))
      node.addEntropy((0..<8_192).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ Int(secret)) })
    }
    // Clocks need not agree, but these do.
    if let other = worlds.values.first {
      world.pass(.nanoseconds(Int64(other.now.nanoseconds - world.now.nanoseconds)))
    }
    if registrar == name {
      let records = journals[name] ?? []
      foundings += 1
      world.step { [foundings] in $0.openRegistry(records, orFounding: foundings, effects: &$1) }
    }
    worlds[name] = world
  }

  /// Shorter than usual, so that stories pass quickly.
  static let terms = LeaseTerms(ttl: .seconds(3))

  /// Not what anybody should use for this: 32 bytes that depend on all of `bytes`, and on the secret.
  private static func code(_ bytes: [UInt8], _ secret: UInt8) -> [UInt8] {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325 ^ UInt64(secret)
    return (0..<UInt8(LinkCode.count)).map { index in
      for byte in bytes + [index] { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
      return UInt8(truncatingIfNeeded: hash >> 32)
    }
  }

  static func name(_ text: String) -> EntityName {
    do { return try EntityName(text) } catch { preconditionFailure("\(error)") }
  }

  // MARK: - What happens

  /// Does something at a node, and lets everything that follows happen everywhere.
  mutating func at<Result>(_ name: String, _ body: (inout NodeWorld) throws -> Result) rethrows -> Result {
    guard var world = worlds[name] else { preconditionFailure("there is no node \(name)") }
    let result = try body(&world)
    worlds[name] = world
    settle()
    return result
  }

  /// Delivers what is on its way until nothing is.
  mutating func settle() {
    while sync() || dial() || deliver() || close() {}
  }

  /// Lets time pass everywhere, in small steps.
  mutating func pass(_ duration: Duration) {
    var left = duration
    while left > .zero {
      let part = min(left, .milliseconds(50))
      for name in worlds.keys.sorted() { worlds[name]?.pass(part) }
      settle()
      left -= part
    }
  }

  /// All streams between two nodes are cut, which both notice.
  mutating func cut(_ one: String, _ other: String) {
    for wire in wires where Set(wire.ends.map(\.node)) == [one, other] {
      for end in wire.ends { worlds[end.node]?.hangUp(end.connection) }
    }
    wires.removeAll { Set($0.ends.map(\.node)) == [one, other] }
    settle()
  }

  /// Nothing gets through between two nodes any more, and neither notices.
  mutating func silence(_ one: String, _ other: String) {
    for index in wires.indices where Set(wires[index].ends.map(\.node)) == [one, other] { wires[index].isSilent = true }
  }

  /// A node is gone, with all its streams.
  mutating func kill(_ name: String) {
    for wire in wires where wire.ends.contains(where: { $0.node == name }) {
      for end in wire.ends where end.node != name { worlds[end.node]?.hangUp(end.connection) }
    }
    wires.removeAll { $0.ends.contains { $0.node == name } }
    journals[name, default: []] += worlds[name]?.journal ?? []
    worlds[name] = nil
    settle()
  }

  /// A stream to a node whose other end is nobody's.
  mutating func stranger(to name: String) -> ConnectionID {
    at(name) { world in
      let id = world.connect()
      world.layLine(id)
      return id
    }
  }

  private mutating func sync() -> Bool {
    var hasSynced = false
    for name in worlds.keys.sorted() where worlds[name]?.syncJournal() == true { hasSynced = true }
    return hasSynced
  }

  /// What a registrar that is gone has left on its disk is gone as well.
  mutating func loseJournal(of name: String) { journals[name] = nil }

  // MARK: - Streams

  private mutating func dial() -> Bool {
    var hasDialed = false
    for name in worlds.keys.sorted() {
      for (id, target) in worlds[name]?.takeDials() ?? [] {
        hasDialed = true
        dialCounts[name, default: 0] += 1
        worlds[name]?.layLine(id)
        guard worlds[target.text] != nil, !unreachable.contains(target.text),
          let other = worlds[target.text]?.connect()
        else {
          worlds[name]?.step { $0.dialFailed(id, "nobody is there", effects: &$1) }
          continue
        }
        worlds[target.text]?.layLine(other)
        wires.append(Wire(ends: [End(node: name, connection: id), End(node: target.text, connection: other)]))
        worlds[name]?.step { $0.dialed(id, effects: &$1) }
      }
    }
    return hasDialed
  }

  private mutating func deliver() -> Bool {
    var hasDelivered = false
    for index in wires.indices {
      for (sender, receiver) in [(0, 1), (1, 0)] {
        let from = wires[index].ends[sender]
        let bytes = worlds[from.node]?.takeBytes(of: from.connection) ?? []
        guard !bytes.isEmpty, !wires[index].isSilent else { continue }
        hasDelivered = true
        var end = wires[index].ends[receiver]
        worlds[end.node]?.take(bytes, on: end.connection, &end.reader)
      }
    }
    return hasDelivered
  }

  private mutating func close() -> Bool {
    for (index, wire) in wires.enumerated() {
      guard let closed = wire.ends.firstIndex(where: { worlds[$0.node]?.closed.contains($0.connection) == true }) else {
        continue
      }
      wires.remove(at: index)
      for end in [wire.ends[closed], wire.ends[1 - closed]] { worlds[end.node]?.hangUp(end.connection) }
      return true
    }
    return false
  }

  // MARK: - What is seen

  /// How a node sees another.
  func node(_ name: String, seenFrom seer: String) -> NodeListing.Node? {
    guard var world = worlds[seer] else { return nil }
    let client = world.client()
    guard case .nodes(let listing) = world.ask(.nodes, on: client).reply else { return nil }
    return listing.nodes.first { $0.name.text == name }
  }

  func isLinked(_ one: String, _ other: String) -> Bool {
    node(one, seenFrom: other)?.state == .linked && node(other, seenFrom: one)?.state == .linked
  }

  func log(of name: String) -> [String] { worlds[name]?.logLines ?? [] }
}

extension NodeWorld {
  /// Bytes have come; as the daemon takes them.
  mutating func take(_ bytes: [UInt8], on id: ConnectionID, _ reader: inout FrameReader) {
    var offset = 0
    while offset < bytes.count {
      if let run = reader.mailRun(in: bytes.span, at: &offset) {
        step { $0.received(run, in: bytes.span, on: id, effects: &$1) }
      } else if let frame = try? reader.next(in: bytes.span, at: &offset) {
        step { $0.received(frame, on: id, effects: &$1) }
      } else {
        break
      }
    }
    step { $0.framesEnded(on: id, effects: &$1) }
  }
}

extension ClusterWorld {
  static func hello(_ node: String, incarnation: UInt64, versions: ClosedRange<UInt32> = 1...1) -> LinkHello {
    LinkHello(
      versions: versions,
      cluster: name("test"),
      node: name(node),
      incarnation: incarnation,
      daemonVersion: "0",
      nonce: [UInt8](repeating: 5, count: LinkHello.nonceCount)
    )
  }

  /// Has somebody who knows the secret say to `target` that it is the node `node`, and gives why it is refused; nil if it
  /// is let in.
  mutating func greet(
    _ target: String,
    as node: String,
    incarnation: UInt64,
    versions: ClosedRange<UInt32> = 1...1
  ) -> RefusalCode? {
    let id = stranger(to: target)
    let hello = Self.hello(node, incarnation: incarnation, versions: versions).encoded()
    at(target) { $0.receive(.linkHello, hello, on: id) }
    var frames = frames(said: target, on: id)
    if let challenge = frames.first(where: { $0.header.kind == .linkChallenge }) {
      let transcript = LinkRole.dialer.transcript(dialer: hello, acceptor: challenge.challenge.hello)
      at(target) { $0.receive(.linkProof, Self.code(transcript, 1), on: id) }
      frames = self.frames(said: target, on: id)
      if frames.isEmpty {
        pass(Limits.linkTrial + .milliseconds(100))
        frames = self.frames(said: target, on: id)
      }
    }
    let refusal = frames.first { $0.header.kind == .refusal }
    return refusal.flatMap { try? WireRefusal(decoding: $0.body) }?.code
  }

  private mutating func frames(said node: String, on id: ConnectionID) -> [Frame] {
    let bytes = worlds[node]?.takeBytes(of: id) ?? []
    var (reader, offset, frames) = (FrameReader(bodyMax: BodyLimit.usual), 0, [Frame]())
    while let frame = (try? reader.next(in: bytes.span, at: &offset)) ?? nil { frames.append(frame) }
    return frames
  }

  /// Has a frame come to `node` over its link to `sender` that the sender never said.
  mutating func inject(
    _ kind: FrameKind,
    id: UInt64? = nil,
    _ body: [UInt8]? = nil,
    from sender: String,
    to node: String
  ) {
    let wire = wires.first { Set($0.ends.map(\.node)) == [sender, node] }
    guard let end = wire?.ends.first(where: { $0.node == node }) else { return }
    let id = id ?? (kind.allows(id: 0) ? 0 : 1)
    let body = body ?? [UInt8](repeating: 1, count: kind == .credit ? 16 : 0)
    at(node) { $0.receive(kind, body, id: id, on: end.connection) }
  }
}
