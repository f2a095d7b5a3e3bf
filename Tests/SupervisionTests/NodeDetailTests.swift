import HeddleModel
import HeddleWire
import Supervision
import Testing

@Suite("everything about one thread")
struct NodeDetailTests {
  private func detail(_ thread: ThreadID, _ world: inout NodeWorld) throws -> ThreadDetail {
    let client = world.client()
    let told = world.ask(.show(.id(thread)), on: client)
    guard case .threadDetail(let detail) = told.reply else { throw Unexpected(told) }
    return detail
  }

  @Test("how it was started, without the values of its environment")
  func start() throws {
    var world = NodeWorld()
    let client = world.client()
    var limits = ResourceLimits()
    limits.openFiles = 64
    let spawn = Spawn(
      name: try EntityName("web"),
      argv: [Array("serve".utf8)],
      environment: ["PASSWORD=secret", "HEDDLE_ID=forged", "A=b"].map { Array($0.utf8) },
      cwd: Array("/srv".utf8),
      umask: 0o077,
      channel: .frames,
      suspendToKill: true,
      linger: true,
      limits: limits,
      allowSetuid: true
    )
    _ = world.ask(.spawn(spawn), on: client)
    guard case .start(let thread, let program) = world.takeOrders().last else { throw Unexpected([]) }
    let start = try detail(thread, &world).start
    #expect(start.cwd == spawn.cwd && start.umask == 0o077 && start.limits == limits)
    #expect(start.suspendToKill && start.linger && start.allowSetuid && !start.stdinPipe)
    #expect(start.environmentCount == program.environment.count && start.environmentCount == 8)
    #expect(
      start.heddleEnvironment == [
        "HEDDLE_NAME=web", "HEDDLE_ID=\(thread)", "HEDDLE_CUSTODIAN=/main", "HEDDLE_NODE=loom", "HEDDLE_SOCKET=/s",
        "HEDDLE_CHANNEL=3",
      ]
    )
    #expect(Set(start.heddleEnvironment.map { Array($0.utf8) }).isSubset(of: program.environment))
  }

  @Test("when it was made and changed, by the wall clock")
  func times() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(on: client)
    let made = NodeWorld.dateOffset + world.now.nanoseconds
    world.pass(.seconds(3))
    _ = world.ask(.suspend(.id(thread)), on: client)
    world.pass(.seconds(4))
    let detail = try detail(thread, &world)
    #expect(detail.made.nanoseconds == made)
    #expect(detail.changed.nanoseconds == made + 3_000_000_000)
    #expect(detail.thread.lastChange == .init(what: "suspended", by: "pid 100"))
  }

  @Test("whom it is tied to")
  func ties() throws {
    var world = NodeWorld()
    let client = world.client()
    let (giver, taker) = (try world.start(on: client), try world.start(on: client))
    _ = world.ask(.resume(.id(taker), benefactor: .thread(.id(giver))), on: client)
    #expect(try detail(taker, &world).ties.benefactors.map(\.id) == [giver])
    #expect(try detail(giver, &world).ties.beneficiaries.map(\.id) == [taker])
    #expect(try detail(giver, &world).ties.currentCustodian == .main)
  }

  @Test("its mail, its output and a break that waits for it")
  func traffic() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(channel: .lines, on: client)
    _ = world.mail(["one"], to: thread, on: client)
    world.inputWritten(thread)
    _ = world.ask(.suspend(.id(thread)), on: client)
    world.obeyOrders()
    _ = world.mail(["two"], to: thread, on: client)
    _ = world.ask(.sendBreak(.id(thread), .hangUp), on: client)
    world.output("hello\n", from: thread)
    let detail = try detail(thread, &world)
    #expect(detail.traffic.mailTaken == 1 && detail.thread.mail.messages == 1)
    #expect(detail.traffic.logWritten == 6 && detail.traffic.logKept == 6)
    #expect(detail.pendingBreak == .hangUp)
    #expect(detail.traffic.credit == nil)
  }

  @Test("where its processes are: in the cgroup of its number, while there are any")
  func place() throws {
    var world = NodeWorld()
    world.greet(Containment(rung: "cgroup", place: "/sys/fs/cgroup/heddle"))
    let client = world.client()
    let thread = try world.start(on: client)
    #expect(
      try detail(thread, &world).place
        == .init(containment: "cgroup", cgroup: "/sys/fs/cgroup/heddle/\(thread.rawValue)")
    )
    world.exit(thread)
    #expect(try detail(thread, &world).place == .init(containment: "cgroup"))
    let nobody = try EntityName("nobody")
    #expect(world.ask(.show(.name(nobody)), on: client).refusal == .noSuchThread)
  }

  @Test("of a log there is what came since a time, from the beginning of a line")
  func logSince() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(on: client)
    world.output("old\nhalf", from: thread)
    world.pass(.seconds(60))
    world.output(" a line\nnew\n", from: thread)
    world.pass(.seconds(10))
    func log(_ age: Duration, tail: Int? = nil) throws -> LogText {
      let told = world.ask(.logs(.id(thread), tailLines: tail, since: age), on: client)
      guard case .log(let text) = told.reply else { throw Unexpected(told) }
      return text
    }
    let since = try log(.seconds(30))
    #expect(String(decoding: since.text, as: UTF8.self) == "half a line\nnew\n")
    #expect(since.offset == 4)
    #expect(String(decoding: try log(.seconds(30), tail: 1).text, as: UTF8.self) == "new\n")
    #expect(try log(.seconds(5)) == LogText(text: [], droppedBytes: 0, offset: 20))
    #expect(try log(.seconds(100)).text.count == 20)
  }
}
