import HeddleModel
import HeddleWire
import Supervision
import Testing

@Suite("requests for other nodes")
struct ForwardingTests {
  private static let b = ClusterWorld.name("b")

  private func linked(_ names: String...) -> ClusterWorld {
    var cluster = ClusterWorld()
    for name in names { cluster.add(name, peers: names.filter { $0 != name }) }
    cluster.pass(.seconds(6))
    return cluster
  }

  private func on(_ node: String, _ name: String) -> ThreadReference {
    .named(ClusterWorld.name(name), on: ClusterWorld.name(node))
  }

  // MARK: - Threads

  @Test("a thread of another node is found by name, and by the id that it has here; a home name may be written in full")
  func find() throws {
    var cluster = linked("a", "b")
    let far = try cluster.at("b") { try $0.start("worker", on: $0.client()) }
    let near = try cluster.at("a") { try $0.start("worker", on: $0.client()) }
    let client = cluster.at("a") { $0.client() }
    let info = try #require(cluster.ask(.find(on("b", "worker")), at: "a", client).info)
    #expect(info.id == far.moved(to: NodeSlot(rawValue: 1)))
    #expect(info.node == Self.b)
    #expect(cluster.ask(.find(.id(info.id)), at: "a", client).info == info)
    let home = try #require(cluster.ask(.find(on("a", "worker")), at: "a", client).info)
    #expect(home.id == near)
    #expect(home.node == nil)
  }

  @Test("a thread is started, suspended, resumed, broken, shown and killed on another node as on one's own")
  func life() throws {
    var cluster = linked("a", "b")
    let client = cluster.at("a") { $0.client() }
    let thread = try cluster.start("worker", on: "b", from: "a", client)
    let reference = ThreadReference.id(thread)
    #expect(cluster.ask(.list(includeDead: false), on: Self.b, at: "a", client).threads == [thread])
    #expect(cluster.ask(.suspend(reference), at: "a", client).isEmpty)
    cluster.at("b") { $0.obeyOrders() }
    #expect(cluster.take("a", client).reply == .done)
    #expect(cluster.ask(.find(reference), at: "a", client).info?.state == .suspended)
    #expect(cluster.ask(.find(reference), at: "a", client).info?.lastChange.by == "pid 100 on node a")
    #expect(cluster.ask(.resume(reference), at: "a", client).reply == .done)
    cluster.at("b") { $0.obeyOrders() }
    #expect(cluster.ask(.sendBreak(reference, .interrupt), at: "a", client).reply == .done)
    guard case .threadDetail(let detail)? = cluster.ask(.show(reference), at: "a", client).reply else {
      throw Unexpected([])
    }
    #expect(detail.thread.id == thread)
    #expect(cluster.ask(.kill(reference, wait: true, really: false), at: "a", client).isEmpty)
    cluster.at("b") { $0.obeyOrders() }
    #expect(cluster.take("a", client).reply == .killed(.died))
    guard case .died(thread, _)? = cluster.ask(.wait(reference), at: "a", client).reply else { throw Unexpected([]) }
  }

  @Test("a resume takes its benefactor from the thread's own node, and from no other")
  func benefactors() throws {
    var cluster = linked("a", "b", "c")
    let client = cluster.at("a") { $0.client() }
    let (one, two) = (
      try cluster.start("one", on: "b", from: "a", client), try cluster.start("two", on: "b", from: "a", client)
    )
    _ = try cluster.start("three", on: "c", from: "a", client)
    let near = try cluster.at("a") { try $0.start("near", on: client) }
    _ = cluster.take("a", client)
    #expect(cluster.ask(.resume(.id(one), benefactor: .thread(.id(two))), at: "a", client).reply == .done)
    #expect(cluster.ask(.resume(.id(one), benefactor: .thread(on("b", "two"))), at: "a", client).reply == .done)
    for foreign in [on("c", "three"), .id(near)] {
      let answer = cluster.ask(.resume(.id(one), benefactor: .thread(foreign)), at: "a", client)
      #expect(answer.refusal == .notAcrossNodes)
    }
  }

  @Test("custodians of another node are made, listed and shut down there, with what happens on the way")
  func custodians() throws {
    var cluster = linked("a", "b")
    let client = cluster.at("a") { $0.client() }
    let job = try CustodianPath(parsing: "/main/job")
    #expect(cluster.ask(.custodianNew(job), on: Self.b, at: "a", client).reply == .done)
    let thread = try cluster.start("worker", on: "b", in: job, from: "a", client)
    guard case .custodianTree(let tree)? = cluster.ask(.custodianTree(job), on: Self.b, at: "a", client).reply else {
      throw Unexpected([])
    }
    #expect(tree.threads.map(\.id) == [thread])
    #expect(cluster.ask(.custodianTree(job), at: "a", client).refusal == .noSuchCustodian)
    _ = cluster.ask(.custodianShutdown(job, follow: true), on: Self.b, at: "a", client)
    cluster.at("b") { $0.obeyOrders() }
    let answers = cluster.take("a", client)
    guard case .shutDown(let report)? = answers.reply else { throw Unexpected(answers) }
    #expect(report.threads == 1)
    let told = answers.compactMap { if case .notice(.threadDead(let it, _, _), _) = $0 { it.id } else { nil } }
    #expect(told == [thread])
  }

  @Test("a watch on a state event of another node's thread fires here")
  func watch() throws {
    var cluster = linked("a", "b")
    let client = cluster.at("a") { $0.client() }
    let thread = try cluster.start("worker", on: "b", from: "a", client)
    guard case .stateEvent(let event)? = cluster.ask(.event(.death, of: .id(thread)), at: "a", client).reply else {
      throw Unexpected([])
    }
    #expect(event.thread == thread)
    cluster.at("a") { $0.receive(.watch, event.encoded(), id: 900, on: client) }
    #expect(cluster.take("a", client).isEmpty)
    cluster.at("b") { $0.exit(thread.moved(to: .home)) }
    #expect(cluster.take("a", client) == [.fired(WatchID(rawValue: 900))])
  }

  @Test("a wait that is withdrawn is withdrawn there, and a barrier waits for what was set going on every node")
  func cancelAndBarrier() throws {
    var cluster = linked("a", "b")
    let client = cluster.at("a") { $0.client() }
    let thread = try cluster.start("worker", on: "b", from: "a", client)
    #expect(cluster.ask(.wait(.id(thread)), at: "a", client).isEmpty)
    let wait = try #require(cluster.worlds["a"]?.lastRequest)
    #expect(cluster.ask(.cancel(wait), at: "a", client).map(\.isRefusal) == [true, false])
    _ = cluster.ask(.kill(.id(thread), wait: false, really: false), at: "a", client)
    #expect(cluster.ask(.barrier, at: "a", client).isEmpty)
    let barrier = try #require(cluster.worlds["a"]?.lastRequest)
    #expect(cluster.ask(.cancel(barrier), at: "a", client).map(\.isRefusal) == [true, false])
    #expect(cluster.ask(.barrier, at: "a", client).isEmpty)
    cluster.at("b") { $0.obeyOrders() }
    #expect(cluster.take("a", client).reply == .done)
  }

  @Test("a client that has the number of an open request twice is refused, whichever node has the first")
  func numbers() throws {
    var cluster = linked("a", "b")
    let client = cluster.at("a") { $0.client() }
    let thread = try cluster.start("worker", on: "b", from: "a", client)
    let body = Request(.wait(.id(thread))).encoded()
    cluster.at("a") { $0.receive(.request, body, id: 700, on: client) }
    cluster.at("a") { $0.receive(.request, Request(.list(includeDead: true)).encoded(), id: 700, on: client) }
    #expect(cluster.take("a", client).refusal == .badRequest)
  }

  // MARK: - Refusals

  @Test("an unknown node is refused with those that are known, and one that is away at once, with the reason")
  func nodes() {
    var cluster = linked("a", "b")
    let client = cluster.at("a") { $0.client() }
    let unknown = cluster.ask(.find(on("x", "worker")), at: "a", client)
    #expect(unknown.refusal == .unknownNode)
    #expect(unknown.sentence.contains("a, b"))
    cluster.kill("b")
    let away = cluster.ask(.find(on("b", "worker")), at: "a", client)
    #expect(away.refusal == .nodeUnreachable)
    #expect(away.sentence.contains("says nothing of whether its threads live"))
  }

  @Test("an id of a node that there never was is refused, and so are the questions that each node answers for itself")
  func impossible() {
    var cluster = linked("a", "b")
    let client = cluster.at("a") { $0.client() }
    let stray = ThreadID(rawValue: 5).moved(to: NodeSlot(rawValue: 9))
    #expect(cluster.ask(.find(.id(stray)), at: "a", client).refusal == .noSuchThread)
    for command in [
      Request.Command.daemonStatus, .receive(most: 1, wait: false), .becomeThread(ClusterWorld.name("x")), .mailWait,
      .stopDaemon(grace: nil), .nodes, .history(HistoryQuery()),
    ] {
      #expect(cluster.ask(command, on: Self.b, at: "a", client).refusal == .notAcrossNodes)
    }
  }

  @Test("a connection that does not speak for its node's root may ask other nodes only what needs no authority")
  func authority() throws {
    var cluster = linked("a", "b")
    let root = cluster.at("a") { $0.client() }
    let thread = try cluster.start("worker", on: "b", from: "a", root)
    _ = try cluster.at("a") { try $0.start(on: root) }
    let client = cluster.at("a") { $0.client(granted: $0.node.custodian(at: .main)) }
    #expect(cluster.ask(.find(.id(thread)), at: "a", client).info?.id == thread)
    #expect(cluster.ask(.sendBreak(.id(thread), .interrupt), at: "a", client).reply == .done)
    for command in [
      Request.Command.suspend(.id(thread)), .kill(.id(thread), wait: false, really: false),
      .resume(.id(thread), benefactor: .custodian(.main)),
    ] {
      #expect(cluster.ask(command, at: "a", client).refusal == .permission)
    }
    #expect(cluster.ask(.custodianShutdown(.main, follow: false), on: Self.b, at: "a", client).refusal == .permission)
  }

  @Test("a node does not ask a third one for another: its clients are its own")
  func secondHand() throws {
    var cluster = linked("a", "b", "c")
    let client = cluster.at("a") { $0.client() }
    let thread = try cluster.start("worker", on: "b", from: "a", client)
    let body = Request(.list(includeDead: true), on: ClusterWorld.name("c")).encoded()
    _ = thread
    cluster.inject(.client, id: client.rawValue, [], from: "a", to: "b")
    cluster.inject(.request, id: 77, body, from: "a", to: "b")
    #expect(cluster.isLinked("a", "b"))
  }

  // MARK: - Streams

  @Test("a log is followed, and a foreground program's standard streams are proxied, across the link")
  func streams() throws {
    var cluster = linked("a", "b")
    let client = cluster.at("a") { $0.client() }
    let spawn = Spawn(in: nil, argv: [Array("cat".utf8)], cwd: [47], stdinPipe: true)
    cluster.at("a") { world in
      world.receive(.request, Request(.spawn(spawn), on: Self.b).encoded(), id: 500, on: client)
      let streams: [(UInt64, ThreadStream)] = [(501, .standardInput), (502, .standardOutput), (503, .log)]
      for (id, stream) in streams {
        let wish = Attach(stream, of: .spawn(RequestID(rawValue: 500)), from: 0)
        world.receive(.attach, wish.encoded(), id: id, on: client)
      }
    }
    let thread = try cluster.answerStart(on: "b")
    let far = thread.moved(to: NodeSlot(rawValue: 1))
    let begun = cluster.take("a", client)
    #expect(begun.contains(.attached(Attached(thread: far, offset: 0), StreamID(rawValue: 502))))
    #expect(begun.info?.id == far)
    cluster.at("a") { $0.receive(.data, Array("hello".utf8), id: 501, on: client) }
    #expect(cluster.worlds["b"]?.written[thread] == "hello")
    cluster.at("b") { $0.inputWritten(thread) }
    #expect(cluster.take("a", client) == [.taken(Taken(bytes: 5), StreamID(rawValue: 501))])
    cluster.at("b") { $0.output("hello", from: thread) }
    let output = cluster.take("a", client)
    #expect(output.contains(.data(Array("hello".utf8), StreamID(rawValue: 502))))
    #expect(output.contains(.data(Array("hello".utf8), StreamID(rawValue: 503))))
    cluster.at("a") { $0.receive(.end, [], id: 501, on: client) }
    #expect(cluster.worlds["b"]?.ended == [thread])
    cluster.at("b") { $0.exit(thread) }
    #expect(cluster.take("a", client).filter { $0 == .end(StreamID(rawValue: 502)) }.count == 1)
  }
}

extension ClusterWorld {
  /// Asks at a node, and gives what came back by the time that all is quiet.
  mutating func ask(
    _ command: Request.Command,
    on node: EntityName? = nil,
    at home: String,
    _ client: ConnectionID
  ) -> [Outgoing] {
    let first = at(home) { $0.ask(command, node: node, on: client) }
    return first + take(home, client)
  }

  mutating func take(_ node: String, _ client: ConnectionID) -> [Outgoing] { at(node) { $0.take(client) } }

  /// Has the keeper of a node start what it was asked to.
  mutating func answerStart(on node: String) throws -> ThreadID {
    try at(node) { world in
      guard case .start(let thread, _)? = world.takeOrders().last else { throw Unexpected([]) }
      world.report(.started(thread, pid: Int32(1_000 + thread.rawValue), descriptors: 3))
      return thread
    }
  }

  /// A thread of another node whose program runs, by its id at `home`.
  mutating func start(
    _ name: String? = nil,
    on node: String,
    in custodian: CustodianPath? = .main,
    channel: ChannelMode = .none,
    bounds: MailboxBounds? = nil,
    held: Bool = false,
    policy: PartitionPolicy = .suspend,
    from home: String,
    _ client: ConnectionID
  ) throws -> ThreadID {
    var spawn = Spawn(
      name: name.map { Self.name($0) },
      in: custodian,
      argv: [Array("program".utf8)],
      cwd: [47],
      channel: channel,
      mailboxBounds: bounds
    )
    spawn.held = held
    spawn.onPartition = policy
    let refused = ask(.spawn(spawn), on: Self.name(node), at: home, client)
    guard refused.isEmpty else { throw Unexpected(refused) }
    _ = try answerStart(on: node)
    let answers = take(home, client)
    guard let info = answers.info else { throw Unexpected(answers) }
    return info.id
  }
}

extension Outgoing {
  var isRefusal: Bool { if case .refusal = self { true } else { false } }
}

extension [Outgoing] {
  /// The ids of the first reply's threads.
  var threads: [ThreadID]? { if case .threads(let infos, _)? = reply { infos.map(\.id) } else { nil } }

  /// The first refusal in words.
  var sentence: String {
    for case .refusal(let refusal, _) in self { return refusal.description }
    return ""
  }
}
