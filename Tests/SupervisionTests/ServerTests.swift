import HeddleModel
import HeddleWire
import Supervision
import Testing

@Suite("a server's listener and its connections")
struct ServerTests {
  private static let start = Instant(nanoseconds: 1_000_000_000)

  private static func server(connectionsMax: Int = 2) -> Server {
    var plan = Serve(Spawn(argv: [[65]], cwd: [47]), at: .internet(host: "127.0.0.1", port: 7_000))
    plan.connectionsMax = connectionsMax
    return Server(
      thread: ThreadID(rawValue: 1),
      custodian: CustodianID(rawValue: 2),
      plan: plan,
      address: plan.address
    )
  }

  @Test("it accepts until it has as many connections as it may, and again when one is gone")
  func full() {
    var server = Self.server()
    #expect(server.opened() == [.accept(true)])
    #expect(server.arrived(at: Self.start)?.effects == [])
    let second = server.arrived(at: Self.start)
    #expect(second?.number == 2)
    #expect(second?.effects == [.accept(false)])
    #expect(server.info.stage == .full)
    #expect(server.arrived(at: Self.start) == nil)
    #expect(server.departed() == [.accept(true)])
    #expect(server.info.connections == 1)
    #expect(server.info.counts.accepted == 2)
  }

  @Test("while many programs are being started it accepts nobody, until half of them run")
  func starting() {
    var server = Self.server(connectionsMax: 1_000)
    _ = server.opened()
    for number in 1..<Limits.startsMax { #expect(server.arrived(at: Self.start)?.effects == [], "\(number)") }
    #expect(server.arrived(at: Self.start)?.effects == [.accept(false)])
    #expect(server.info.stage == .listening)
    #expect(server.arrived(at: Self.start) == nil)
    for _ in 0..<Limits.startsMax / 2 { #expect(server.startEnded() == []) }
    #expect(server.startEnded() == [.accept(true)])
  }

  @Test("suspended it accepts nobody; resumed it does, unless it is full")
  func suspended() {
    var server = Self.server(connectionsMax: 1)
    _ = server.opened()
    #expect(server.suspended() == [.accept(false)])
    #expect(server.arrived(at: Self.start) == nil)
    #expect(server.resumed() == [.accept(true)])
    _ = server.arrived(at: Self.start)
    #expect(server.suspended() == [])
    #expect(server.departed() == [])
    #expect(server.info.stage == .suspended)
    #expect(server.resumed() == [.accept(true)])
  }

  @Test("a break closes the listener at once, and the last connection's end is its own")
  func broken() {
    var server = Self.server()
    _ = (server.opened(), server.arrived(at: Self.start))
    #expect(server.broken(.hangUp) == [.close])
    #expect(server.info.stage == .closed)
    #expect(server.broken(.terminate) == [])
    #expect(server.departed() == [.over(.signal(1, coreDumped: false))])
  }

  @Test("a break of one without connections ends it")
  func brokenIdle() {
    var server = Self.server()
    _ = server.opened()
    #expect(server.broken(.interrupt) == [.close, .over(.signal(2, coreDumped: false))])
  }

  @Test("ended it is over when its connections are, once; also after a break, and without a second close")
  func ended() {
    var server = Self.server()
    _ = (server.opened(), server.arrived(at: Self.start))
    #expect(server.ended() == [.close])
    #expect(server.ended() == [])
    #expect(server.departed() == [.over(.lost)])
    #expect(server.ended() == [])
    var broken = Self.server()
    _ = (broken.opened(), broken.arrived(at: Self.start), broken.broken(.interrupt))
    #expect(broken.ended() == [])
    #expect(broken.departed() == [.over(.lost)])
  }

  @Test("when it falls short it pauses, each time longer up to a bound, and a connection's end cuts the pause short")
  func short() {
    var server = Self.server(connectionsMax: 1_000)
    _ = (server.opened(), server.arrived(at: Self.start))
    var now = Self.start
    let first = server.fellShort(at: now)
    #expect(first.isNews)
    #expect(first.effects == [.accept(false)])
    #expect(server.info.stage == .short)
    #expect(server.nextDeadline == now + Limits.shortagePause)
    #expect(server.timePassed(to: now) == [])
    now = now + Limits.shortagePause
    #expect(server.timePassed(to: now) == [.accept(true)])
    #expect(!server.fellShort(at: now).isNews)
    #expect(server.nextDeadline == now + Limits.shortagePause * 2)
    #expect(server.departed() == [.accept(true)])
    for _ in 0..<20 {
      _ = server.fellShort(at: now)
      now = now + Limits.shortagePauseMax
      _ = server.timePassed(to: now)
    }
    _ = server.fellShort(at: now)
    #expect(server.nextDeadline == now + Limits.shortagePauseMax)
    #expect(server.info.counts.pauses == 23)
  }

  @Test("a shortage is news again, and its pauses short, after a while without one")
  func shortAgain() {
    var server = Self.server(connectionsMax: 1_000)
    _ = server.opened()
    _ = server.fellShort(at: Self.start)
    let later = Self.start + Limits.shortageMemory
    _ = server.timePassed(to: later)
    _ = server.arrived(at: later)
    let second = server.fellShort(at: later)
    #expect(second.isNews)
    #expect(server.nextDeadline == later + Limits.shortagePause)
  }

  @Test("it counts how its connections ended")
  func counts() throws {
    var server = Self.server()
    let causes: [DeathCause] = [
      .exited(code: 1), .signalled(number: 2, coreDumped: false), .failedToStart(errorNumber: 2, stage: "exec"),
      .killed(by: "x"), .custodianShutDown(.main), .timedOut(after: .seconds(1)), .daemonEnded,
    ]
    for cause in causes { server.noteDeath(cause) }
    server.noteTimeout()
    let counts = server.info.counts
    #expect((counts.killed, counts.failed, counts.timedOut) == (4, 1, 1))
  }
}

extension Instant {
  /// So much later.
  fileprivate static func + (instant: Instant, duration: Duration) -> Instant {
    let (seconds, attoseconds) = duration.components
    return Instant(
      nanoseconds: instant.nanoseconds + UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
    )
  }
}
