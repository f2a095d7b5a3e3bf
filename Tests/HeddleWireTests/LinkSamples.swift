import HeddleMessages
import HeddleModel
import HeddleWire
import SwiftProtobuf

// What goes between supervisors, and what names their nodes.

extension Samples {
  static let node = name("b")
  static let elsewhere = ThreadReference.named(name("worker-3"), on: node)
  static let slot = NodeSlot(rawValue: 2)

  static let clusterSpawn = {
    var spawn = Spawn(argv: [bytes("true")], cwd: bytes("/"))
    spawn.onPartition = .kill
    spawn.globalName = name("leader")
    return spawn
  }()
  static let globalNames = [
    GlobalName(name: name("follower"), node: name("c"), thread: nil, fence: 41),
    GlobalName(name: name("leader"), node: node, thread: id.moved(to: slot), fence: 18),
  ]

  static let linkHello = LinkHello(
    versions: 1...2,
    cluster: name("shed"),
    node: node,
    incarnation: 42,
    epoch: 5,
    daemonVersion: "0.1.0",
    bodyMax: 65_536,
    nonce: (0..<32).map { UInt8($0) }
  )
  static let linkCode = LinkCode((0..<32).map { UInt8(255 - $0) })
  static let linkClient = LinkClient(peer: "pid 4170", bodyMax: 1 << 20)

  static let clusterWelcome = {
    var clustered = welcome
    clustered.cluster = name("shed")
    return clustered
  }()

  static let nodes = NodeListing(
    cluster: name("shed"),
    nodes: [
      NodeListing.Node(
        name: name("a"),
        state: .this,
        since: .seconds(90),
        incarnation: 41,
        address: "127.0.0.1:7000",
        slot: .home,
        isRegistrar: true,
        daemonVersion: "0.1.0",
        standing: .joined,
        epoch: 17
      ),
      NodeListing.Node(
        name: node,
        state: .linked,
        since: .seconds(80),
        incarnation: 42,
        address: "unix:/b",
        slot: slot
      ),
      NodeListing.Node(name: name("c"), state: .unreachable, since: .seconds(3), reason: "connection refused"),
      NodeListing.Node(name: name("d"), state: .refused, since: .zero, reason: "wrong secret"),
    ]
  )

  static let farInfo = {
    var info = infos[1]
    info.id = id.moved(to: slot)
    info.node = node
    return info
  }()
}

// What a node and the registrar say; who reads it is in another room.
extension Samples {
  static let claim = ProtoCoordinatorRequest.with {
    $0.claim.conditions = [.with { $0.key = "names/leader" }]
    $0.claim.operations = [
      .with {
        $0.key = "names/leader"
        $0.value = "node b\nepoch 17\nthread 2a\n"
        $0.lease = 3
      }
    ]
  }
  static let standing = ProtoCoordinatorStanding.with {
    $0.cluster = 0xfeed
    $0.start = 2
    $0.revision = 18
  }
  static let committed = ProtoCoordinatorAnswer.with {
    $0.standing = standing
    $0.committed = 18
  }
  static let told = ProtoCoordinatorTold.with {
    $0.standing = standing
    $0.news.revision = 18
    $0.news.events = [
      .with {
        $0.entry.key = "names/leader"
        $0.entry.value = "node b\nepoch 17\nthread 2a\n"
        $0.entry.created = 18
        $0.entry.modified = 18
        $0.entry.lease = 3
      }
    ]
  }
}

extension GoldenFrame {
  private static func bytes(of message: some Message) -> [UInt8] {
    do { return try message.serializedBytes() } catch { preconditionFailure("\(error)") }
  }

  static let links: [GoldenFrame] = {
    let request = RequestID(rawValue: 7)
    return [
      GoldenFrame("link-hello") { writer throws(FrameError) in try writer.linkHello(Samples.linkHello) },
      GoldenFrame("link-challenge") { writer throws(FrameError) in
        try writer.linkChallenge(Samples.linkCode, Samples.linkHello.encoded())
      },
      GoldenFrame("link-proof") { writer throws(FrameError) in try writer.linkProof(Samples.linkCode) },
      GoldenFrame("link-open") { writer throws(FrameError) in try writer.linkOpen() },
      GoldenFrame("ping") { writer throws(FrameError) in try writer.ping() },
      GoldenFrame("pong") { writer throws(FrameError) in try writer.pong() },
      GoldenFrame("client-open") { writer throws(FrameError) in try writer.clientOpen(Samples.linkClient, number: 3) },
      GoldenFrame("client") { writer throws(FrameError) in try writer.client(3) },
      GoldenFrame("client-close") { writer throws(FrameError) in try writer.clientClose(3) },
      GoldenFrame("answer") { writer throws(FrameError) in try writer.answer(to: 3) },
      GoldenFrame("answer-link") { writer throws(FrameError) in try writer.answer(to: 0) },
      GoldenFrame("coordinator-request") { writer throws(FrameError) in
        try writer.coordinator(.coordinatorRequest, id: 5, bytes(of: Samples.claim))
      },
      GoldenFrame("coordinator-answer") { writer throws(FrameError) in
        try writer.coordinator(.coordinatorAnswer, id: 5, bytes(of: Samples.committed))
      },
      GoldenFrame("coordinator-news") { writer throws(FrameError) in
        try writer.coordinator(.coordinatorNews, id: 4, bytes(of: Samples.told))
      },
      GoldenFrame("ack-of-node") { writer throws(FrameError) in try writer.ack(Ack(through: 3), of: Samples.slot) },
      GoldenFrame("ack-of-node-asked") { writer throws(FrameError) in try writer.askForAck(of: Samples.slot) },
      GoldenFrame("welcome-cluster") { writer throws(FrameError) in try writer.welcome(Samples.clusterWelcome) },
      GoldenFrame("request-nodes") { writer throws(FrameError) in try writer.request(Request(.nodes), id: request) },
      GoldenFrame("request-names") { writer throws(FrameError) in try writer.request(Request(.names), id: request) },
      GoldenFrame("request-fence-node") { writer throws(FrameError) in
        try writer.request(Request(.fenceNode(Samples.node)), id: request)
      },
      GoldenFrame("request-share-custodian") { writer throws(FrameError) in
        try writer.request(Request(.shareCustodian(Samples.job, adopt: true)), id: request)
      },
      GoldenFrame("request-spawn-in-cluster") { writer throws(FrameError) in
        try writer.request(Request(.spawn(Samples.clusterSpawn)), id: request)
      },
      GoldenFrame("reply-names") { writer throws(FrameError) in
        try writer.reply(.names(Samples.globalNames), to: request)
      },
      GoldenFrame("reply-custodian-shared") { writer throws(FrameError) in
        try writer.reply(.custodianShared(Samples.job), to: request)
      },
      GoldenFrame("reply-died-node-lost") { writer throws(FrameError) in
        let death = DeathRecord(cause: .nodeLost(Samples.node), unreadMail: 0)
        try writer.reply(.died(Samples.id.moved(to: Samples.slot), death), to: request)
      },
      GoldenFrame("request-of-node") { writer throws(FrameError) in
        try writer.request(Request(.custodianTree(Samples.job), on: Samples.node), id: request)
      },
      GoldenFrame("request-of-node-thread") { writer throws(FrameError) in
        try writer.request(Request(.find(Samples.elsewhere)), id: request)
      },
      GoldenFrame("reply-nodes") { writer throws(FrameError) in try writer.reply(.nodes(Samples.nodes), to: request) },
      GoldenFrame("reply-thread-of-node") { writer throws(FrameError) in
        try writer.reply(.thread(Samples.farInfo), to: request)
      },
    ]
  }()
}
