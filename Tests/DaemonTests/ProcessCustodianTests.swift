import Foundation
import HeddleClient
import HeddleThreads
import Testing

extension ProcessStories {
  @Suite("custodians of processes")
  struct ProcessCustodianTests {
    @Test("CU-01: a custodian is below the one that it is made in, a session's below the connection's own")
    func below() async throws {
      try await HostedDaemon.run { supervisor in
        let job = try await supervisor.custodian(named: "job")
        let part = try await job.makeCustodian(named: "part")
        #expect(part.path == "/main/job/part")
        #expect(try await job.members().custodians == [part])
        let session = try #require(supervisor.session)
        let own = try await session.makeCustodian(named: "own")
        #expect(try await session.members().custodians == [own])
        await expectRefusal(.pathTaken) { _ = try await job.makeCustodian(named: "part") }
      }
    }

    @Test(
      "CU-02, CU-03, CU-04, CU-05: a shutdown ends all in it and below, to any depth, before it returns; nothing above or beside; twice is once"
    )
    func subtree() async throws {
      try await HostedDaemon.run { supervisor in
        let (job, beside) = (
          try await supervisor.custodian(named: "job"), try await supervisor.custodian(named: "beside")
        )
        let part = try await job.makeCustodian(named: "part")
        let deep = try await part.makeCustodian(named: "deep")
        let ended = [
          try await supervisor.sleeper(in: job), try await supervisor.sleeper(in: deep),
        ]
        let others = [try await supervisor.sleeper(in: beside), try await supervisor.sleeper()]
        try await ended[1].suspend()
        #expect(try await job.shutDown().threads == 2)
        for thread in ended { #expect(try await thread.isDead()) }
        for thread in others { #expect(try await thread.isRunning()) }
        for custodian in [job, part, deep] { #expect(try await custodian.isShutDown()) }
        for custodian in [beside, try supervisor.custodian("/main")] { #expect(try await !custodian.isShutDown()) }
        #expect(try await job.shutDown().threads == 0)
      }
    }

    @Test("CU-12, EV-09: a custodian's shutdown is an event, ready from its beginning on, with the custodian")
    func shutdownEvent() async throws {
      try await HostedDaemon.run { supervisor in
        let job = try await supervisor.custodian(named: "job")
        let part = try await job.makeCustodian(named: "part")
        #expect(try await poll(part.shutdown) == nil)
        let waiters = (0..<2).map { _ in Task { try await sync(part.shutdown, never()) } }
        #expect(try await sync(part.shutdown.wrap { _ in "shut down" }, always("not yet")) == "not yet")
        try await job.shutDown()
        for waiter in waiters { #expect(try await waiter.value == part) }
        #expect(try await poll(part.shutdown) == part)
      }
    }

    @Test("CU-12: who waits for a shutdown can be broken, and then waits no more")
    func brokenWait() async throws {
      try await HostedDaemon.run { supervisor in
        let job = try await supervisor.custodian(named: "job")
        let waiter = try await LocalThread {
          _ = await #expect(throws: BreakError(.interrupt)) { try await sync(job.shutdown) }
        }
        try await supervisor.barrier()
        try await waiter.sendBreak()
        try await waiter.wait()
        #expect(try await !job.isShutDown())
      }
    }

    @Test("CU-14: a process that shuts its last custodian down stops in that call, when all else in it has ended")
    func ownCustodian() async throws {
      try await HostedDaemon.run { supervisor in
        let own = try await supervisor.custodian(named: "own")
        let other = try await supervisor.sleeper(in: own)
        let agent = try await supervisor.agent("say before", "shut-down /main/own", "say after", in: own)
        #expect(try await agent.lastLines() == ["before"])
        #expect(try await agent.thread.wait().cause == .custodianShutDown(path: "/main/own"))
        try await other.wait()
      }
    }

    @Test("CU-14: with another custodian it goes on")
    func goesOn() async throws {
      try await HostedDaemon.run { supervisor in
        let own = try await supervisor.custodian(named: "own")
        let agent = try await supervisor.agent("receive", "shut-down /main/own", "say after", in: own)
        try await agent.thread.resume(benefactor: .custodian(supervisor.custodian("/main")))
        try await agent.thread.send("go".utf8)
        #expect(try await agent.lastLines() == ["received go", "after"])
      }
    }

    @Test("CU-14: one that suspends on kill stands still there, and goes on when it is adopted")
    func stops() async throws {
      try await HostedDaemon.run { supervisor in
        let own = try await supervisor.custodian(named: "own")
        let agent = try await supervisor.agent(
          "receive",
          "shut-down /main/own",
          "say after",
          in: own,
          suspendsOnKill: true
        )
        let suspension = try await agent.thread.suspension()
        try await agent.thread.send("go".utf8)
        try await sync(suspension)
        #expect(try await agent.thread.status().custodians == [])
        try await agent.thread.resume(benefactor: .custodian(supervisor.custodian("/main")))
        #expect(try await agent.lastLines() == ["received go", "after"])
      }
    }

    @Test(
      "CU-15: what a process has open is closed by its custodian's shutdown: who is connected sees the end, and nobody can connect"
    )
    func closed() async throws {
      let path = "/tmp/heddle-listener-\(UUID().uuidString)"
      defer { unsafe unlink(path) }
      try await HostedDaemon.run { supervisor in
        let own = try await supervisor.custodian(named: "own")
        let agent = try await supervisor.agent("listen \(path)", "receive", in: own)
        #expect(try await agent.line() == "listening")
        let peer = try PeerSocket(connectingTo: path)
        #expect(try await agent.line() == "connected")
        try await own.shutDown()
        #expect(peer.readsEnd)
        #expect(throws: PeerSocket.Failed(errno: ECONNREFUSED)) { _ = try PeerSocket(connectingTo: path) }
      }
    }

    @Test("CU-16: the list of members has those that are directly in it and alive, and no custodian that is shut down")
    func members() async throws {
      try await HostedDaemon.run { supervisor in
        let job = try await supervisor.custodian(named: "job")
        let parts = [try await job.makeCustodian(named: "one"), try await job.makeCustodian(named: "two")]
        let threads = [try await supervisor.sleeper(in: job), try await supervisor.sleeper(in: job)]
        _ = try await supervisor.sleeper(in: parts[0])
        #expect(try await job.members().custodians == parts)
        #expect(try await job.members().threads == threads)
        try await parts[0].shutDown()
        try await threads[0].kill()
        #expect(try await job.members().custodians == [parts[1]])
        #expect(try await job.members().threads == [threads[1]])
      }
    }

    @Test("CU-18: to shut a custodian down takes no authority over what is in it")
    func noAuthority() async throws {
      try await HostedDaemon.run { supervisor in
        let (job, beside) = (
          try await supervisor.custodian(named: "job"), try await supervisor.custodian(named: "beside")
        )
        let thread = try await supervisor.sleeper(in: job)
        try await RemoteCustodian.current.withValue(beside) {
          await expectRefusal(.permission) { try await thread.kill() }
          try await job.shutDown()
        }
        #expect(try await thread.isDead())
      }
    }

    @Test("TH-31: a thread belongs to the group that is named, else to its maker's; groups end with nothing and nobody")
    func groups() async throws {
      try await HostedDaemon.run { supervisor in
        #expect(try await supervisor.sleeper().status().group == "/")
        var program = Program(
          command: [HostedDaemon.program("heddle-test-agent"), "make child", "say made"],
          channel: .frames
        )
        program.custodian = try supervisor.custodian("/main")
        program.group = "render/tiles"
        let maker = try await Agent(supervisor.spawn(program))
        #expect(try await maker.thread.status().group == "/render/tiles")
        #expect(try await maker.line() == "made")
        let child = try await supervisor.thread(named: "child")
        #expect(try await child.status().group == "/render/tiles")
        try await maker.thread.wait()
        program.group = "no//group"
        await expectRefusal(.badRequest) { _ = try await supervisor.spawn(program) }
      }
    }
  }
}

/// A Unix socket as somebody has it who is connected to a program.
private final class PeerSocket {
  private let descriptor: Int32

  struct Failed: Error, Equatable { let errno: Int32 }

  init(connectingTo path: String) throws(Failed) {
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let isConnected = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(descriptor, $0, size) == 0 }
    }
    guard isConnected else { throw Failed(errno: errno) }
  }

  deinit { close(descriptor) }

  /// Whether nothing more can be read; waits until that is known.
  var readsEnd: Bool {
    var byte: UInt8 = 0
    return unsafe read(descriptor, &byte, 1) == 0
  }
}
