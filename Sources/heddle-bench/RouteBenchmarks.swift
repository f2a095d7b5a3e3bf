import HeddleModel
import HeddleWire
import Supervision

/// What a supervisor's core does with mail by itself: from the bytes of a chunk that was read to the bytes that are to be
/// written, acknowledgements and credit included, without sockets.
struct RouteBenchmarks {
  private static let rounds = 200

  static func run(_ runs: Int, report: (Figure) -> Void) async throws {
    for size in [64, 1_024] {
      report(try await Figure("model.route.\(size)", unit: .nanoseconds, runs: runs) { try route(size) })
    }
    report(try await Figure("model.route.64.spread", unit: .nanoseconds, runs: runs) { try route(64, among: 8) })
    let little = MailTotals(messages: 64, bytes: 1 << 20)
    report(try await Figure("model.queue.64", unit: .nanoseconds, runs: runs) { try route(64, credit: little) })
  }

  private static func route(_ size: Int, among receivers: Int = 1, credit: MailTotals = .usualCredit) throws -> Double {
    var benchmark = try RouteBenchmarks(bodySize: size, receivers: receivers, credit: credit)
    return try benchmark.route()
  }

  private var node = Node(
    Node.Identity(name: "bench", incarnation: 1, pid: 1, version: "0", socketPath: "/"),
    now: Instant(nanoseconds: 1)
  )
  private var effects: [NodeEffect] = []
  private let sender: ConnectionID
  private var workers: [Worker] = []
  /// As much as is read at one time, to each receiver in its turn.
  private var chunk: [UInt8] = []
  private var messages = 0
  private let bodySize: Int

  /// A receiver, and what was written to it.
  private struct Worker {
    let connection: ConnectionID
    var taken = MailTotals.zero
  }

  /// - Parameter credit: of each receiver.
  private init(bodySize: Int, receivers: Int, credit: MailTotals) throws {
    self.bodySize = bodySize
    sender = node.connectionOpened(by: Peer(pid: 1, uid: 0), at: Instant(nanoseconds: 1))
    say(.hello, Hello(clientName: "sender", clientVersion: "0").encoded(), on: sender)
    var threads: [ThreadID] = []
    for _ in 0..<receivers { threads.append(try startWorker(credit)) }
    var writer = FrameWriter(bodyMax: BodyLimit.usual)
    let body = [UInt8](repeating: 7, count: bodySize)
    while writer.bytes.count + body.count < 65_536 {
      try writer.mail(body.span, to: threads[messages % threads.count], flags: .wait)
      messages += 1
    }
    chunk = writer.take()
  }

  private mutating func startWorker(_ credit: MailTotals) throws -> ThreadID {
    let spawn = Spawn(
      in: .main,
      argv: [[65]],
      cwd: [47],
      channel: .frames,
      mailboxBounds: MailboxBounds(messagesMax: 65_536, bytesMax: nil)
    )
    say(.request, id: 1, Request(.spawn(spawn)).encoded(), on: sender)
    var started: [ThreadID] = []
    for case .order(.start(let thread, _)) in effects { started.append(thread) }
    effects = []
    node.keeperReported(.started(started[0], pid: 2, descriptors: 3), effects: &effects)
    let connection = node.workerConnected(started[0], uid: 0, at: Instant(nanoseconds: 1))
    say(.hello, Hello(clientName: "worker", clientVersion: "0", mailCredit: credit).encoded(), on: connection)
    workers.append(Worker(connection: connection))
    effects = []
    return started[0]
  }

  private mutating func say(_ kind: FrameKind, id: UInt64 = 0, _ body: [UInt8], on connection: ConnectionID) {
    let frame = Frame(header: FrameHeader(kind, id: id, bodyCount: body.count), body: body)
    node.received(frame, on: connection, effects: &effects)
  }

  /// - Returns: nanoseconds a message.
  private mutating func route() throws -> Double {
    let reader = FrameReader(bodyMax: BodyLimit.usual)
    let chunk = chunk
    var written = 0
    let start = ContinuousClock.now
    for _ in 0..<Self.rounds {
      var offset = 0
      while let run = reader.mailRun(in: chunk.span, at: &offset) {
        node.received(run, in: chunk.span, on: sender, effects: &effects)
      }
      node.framesEnded(on: sender, effects: &effects)
      written += try write()
      try takeAll()
    }
    let elapsed = nanoseconds(since: start)
    precondition(written > 0, "the mail was written on")
    return elapsed / Double(Self.rounds * messages)
  }

  /// Does what the node says.
  ///
  /// - Returns: how many bytes that would have written.
  private mutating func write() throws -> Int {
    var writer = FrameWriter(bodyMax: BodyLimit.usual)
    for effect in effects {
      switch effect {
      case .send(let connection, .mail(let frames)):
        let count = frames.count / (FrameHeader.count + bodySize)
        noteWritten(count, count * bodySize, to: connection)
        writer.append(frames: frames)
      case .send(_, .ack(let ack)): try writer.ack(ack)
      default: break
      }
    }
    effects.removeAll(keepingCapacity: true)
    return writer.bytes.count
  }

  private mutating func noteWritten(_ count: Int, _ bytes: Int, to connection: ConnectionID) {
    guard let index = workers.firstIndex(where: { $0.connection == connection }) else { return }
    workers[index].taken.messages += UInt64(count)
    workers[index].taken.bytes += UInt64(bytes)
  }

  /// The receivers take all, and so get what was not written for want of credit.
  private mutating func takeAll() throws {
    var before: [MailTotals] = []
    repeat {
      before = workers.map(\.taken)
      for worker in workers { say(.credit, worker.taken.encoded(), on: worker.connection) }
      _ = try write()
    } while before != workers.map(\.taken)
  }
}
