import Foundation
import HeddleModel
import HeddleWire
import Supervision
import Testing

@Suite("what a supervisor remembers of what happened")
struct NodeHistoryTests {
  private let job: CustodianPath

  init() throws { job = try CustodianPath(parsing: "job") }

  private func page(_ outgoing: [Outgoing]) throws -> HistoryPage {
    guard case .history(let page) = outgoing.reply else { throw Unexpected(outgoing) }
    return page
  }

  private func history(_ query: HistoryQuery = HistoryQuery(), _ world: inout NodeWorld) throws -> [Happening] {
    let client = world.client()
    return try page(world.ask(.history(query), on: client)).happenings
  }

  @Test("a life is told from its making to its death, with who asked")
  func life() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start("web", on: client)
    _ = world.ask(.suspend(.id(thread)), on: client)
    world.obeyOrders()
    _ = world.ask(.resume(.id(thread)), on: client)
    _ = world.ask(.sendBreak(.id(thread), .hangUp), on: client)
    _ = world.ask(.endMail(.id(thread)), on: client)
    _ = world.ask(.kill(.id(thread), wait: true, really: false), on: client)
    world.obeyOrders()
    let told = try history(HistoryQuery(thread: .id(thread)), &world)
    #expect(
      told.map(\.what) == [
        .spawned(in: .main), .started(pid: Int32(1_000 + thread.rawValue)), .suspended, .resumed, .broken(.hangUp),
        .mailEnded, .ending(with: nil), .dead(DeathRecord(cause: .killed(by: "pid 100"), unreadMail: 0)),
      ]
    )
    #expect(told.map(\.by) == ["pid 100", "", "pid 100", "pid 100", "pid 100", "pid 100", "pid 100", ""])
    #expect(told.allSatisfy { $0.thread == .init(id: thread, name: try? EntityName("web")) })
  }

  @Test("a program that can't be started is told of, once")
  func failure() throws {
    var world = NodeWorld()
    let client = world.client()
    _ = world.ask(.spawn(Spawn(argv: [[112]], cwd: [47])), on: client)
    guard case .start(let thread, _) = world.takeOrders().last else { throw Unexpected([]) }
    world.report(.startFailed(thread, errno: 2, .execute))
    let kinds = try history(HistoryQuery(), &world).map(\.kind)
    #expect(kinds == [.custodianMade, .spawned, .failed])
  }

  @Test("both clocks are as they were told")
  func clocks() throws {
    var world = NodeWorld()
    let client = world.client()
    world.pass(.seconds(3))
    _ = world.ask(.custodianNew(job), on: client)
    let made = try #require(try history(HistoryQuery(kinds: [.custodianMade], newest: 1), &world).first)
    #expect(made.instant == world.now)
    #expect(made.time == Moment(nanoseconds: NodeWorld.dateOffset + world.now.nanoseconds))
    #expect(try history(HistoryQuery(since: .age(.zero)), &world).map(\.what).last == .custodianMade(job))
  }

  @Test("custodians are told of: made, being shut down, gone with what that came to")
  func custodians() throws {
    var world = NodeWorld()
    let client = world.client()
    _ = world.ask(.custodianNew(job), on: client)
    let thread = try world.start(in: job, on: client)
    _ = world.ask(.custodianShutdown(job, follow: false), on: client)
    world.pass(.milliseconds(2))
    world.obeyOrders()
    let told = try history(HistoryQuery(after: 4), &world)
    let report = ShutdownReport(threads: 1, processes: 1, leftSuspended: 0, duration: .milliseconds(2))
    #expect(
      told.map(\.what) == [
        .shutdownBegun(job), .ending(with: job), .dead(DeathRecord(cause: .custodianShutDown(job), unreadMail: 0)),
        .shutdownComplete(job, report),
      ]
    )
    #expect(told[2].thread?.id == thread)
  }

  @Test("whoever waits is told when there is something that it wants, and waits for nothing twice")
  func waiting() throws {
    var world = NodeWorld()
    let (client, watcher) = (world.client(), world.client())
    _ = world.ask(.custodianNew(job), on: client)
    let here = try page(world.ask(.history(HistoryQuery(newest: 0)), on: watcher)).through
    let query = HistoryQuery(after: here, kinds: [.dead], waits: true)
    #expect(world.ask(.history(query), on: watcher) == [])
    let thread = try world.start(on: client)
    #expect(world.take(watcher) == [])
    world.exit(thread, code: 3)
    let told = try page(world.take(watcher))
    #expect(told.happenings.map(\.kind) == [.dead])
    let second = try world.start(on: client)
    world.exit(second)
    #expect(world.take(watcher) == [])
    #expect(try page(world.ask(.history(HistoryQuery(after: told.through)), on: watcher)).happenings.count == 3)
  }

  @Test("a wait can be withdrawn, ends with its connection, and its number is taken")
  func withdrawal() throws {
    var world = NodeWorld()
    let (client, watcher) = (world.client(), world.client())
    let query = HistoryQuery(after: 100, waits: true)
    #expect(world.ask(.history(query), on: watcher) == [])
    let request = world.lastRequest
    world.receive(.request, Request(.barrier).encoded(), id: request.rawValue, on: watcher)
    #expect(world.take(watcher).refusal == .badRequest)
    #expect(world.ask(.cancel(request), on: watcher).refusal == .cancelled)
    #expect(world.ask(.history(query), on: watcher) == [])
    world.hangUp(watcher)
    _ = world.ask(.custodianNew(job), on: client)
    #expect(world.take(watcher) == [])
  }

  @Test("an answer fits the frames of who asked, and there is more where that was")
  func narrow() throws {
    var world = NodeWorld()
    let client = world.client()
    for _ in 0..<50 { world.exit(try world.start(on: client)) }
    let narrow = world.connect()
    let hello = Hello(clientName: "narrow", clientVersion: "0", bodyMax: BodyLimit.handshake)
    world.receive(.hello, hello.encoded(), on: narrow)
    _ = world.take(narrow)
    var query = HistoryQuery()
    var told: [UInt64] = []
    var pages = 0
    while pages == 0 || pages < 100, let page = try? page(world.ask(.history(query), on: narrow)) {
      #expect(Reply.history(page).encoded().count <= BodyLimit.handshake)
      told += page.happenings.map(\.number)
      query.after = page.through
      pages += 1
      if !page.hasMore { break }
    }
    #expect(told == Array(1...151))
    #expect(pages > 5)
  }

  @Test("a snapshot keeps the history")
  func snapshot() throws {
    var world = NodeWorld()
    let client = world.client()
    _ = world.ask(.custodianNew(job), on: client)
    let before = try history(HistoryQuery(), &world)
    world.node = try JSONDecoder().decode(Node.self, from: JSONEncoder().encode(world.node))
    #expect(try history(HistoryQuery(), &world) == before)
  }

  @Test("a log file that fails is told of with its thread")
  func logFile() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start("web", on: client)
    world.step { node, _ in node.logFileChanged("web", isLost: true, "cannot be written (errno 28)") }
    let told = try #require(try history(HistoryQuery(newest: 1), &world).first)
    #expect(told.what == .logDegraded("web: cannot be written (errno 28)"))
    #expect(told.thread?.id == thread)
  }
}
