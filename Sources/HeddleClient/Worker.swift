internal import Glibc
internal import HeddleLoop
internal import HeddleModel
public import HeddleThreads
internal import HeddleWire

/// A process that is a thread of a supervisor, seen from inside: a program whose channel is `frames`.
///
/// The process is the thread. Its main thread gets its breaks, as a `LocalThread` does: at first they are let in, or kept
/// out, as by the thread that made it; then by `LocalThread.withBreaks`. They are looked at before mail. Whoever suspends or kills the thread suspends or kills the process,
/// without asking it. Mail is taken by any of its local threads; what was taken, or pushed back, dies with the process.
public struct Worker: Sendable {
  /// The supervisor, of which a worker is a client as any other.
  public let supervisor: Supervisor
  /// The thread that this process is. Racket: `current-thread`.
  public let thread: RemoteThread
  private let mailbox: WorkerMailbox
  /// As the creator had it.
  private let firstBreakSetting: BreakSetting

  /// Runs `body` as the thread that this process is. When it is over the process ends: with status 0 when it returned, and
  /// what it posted has arrived; with 1 when an error ended it, which is reported first; by SIGINT, SIGHUP or SIGTERM when
  /// a break of that kind ended it, so that others see it as one.
  public static func main(_ body: @escaping @Sendable (Worker) async throws -> Void) async -> Never {
    await LocalThread.runMain {
      // Until it is known whether they are let in, breaks wait.
      LocalThread.inheritBreaks(.disabled)
      let worker = try await Worker()
      LocalThread.inheritBreaks(worker.firstBreakSetting)
      do {
        try await body(worker)
        try await worker.supervisor.flush()
        await worker.leave()
      } catch {
        await worker.leave()
        if let error = error as? BreakError { raise(error.kind) }
        throw error
      }
    }
  }

  /// Tells the supervisor what was taken, and gives back a break that was kept or comes now, since it may be another's;
  /// returns when all is written.
  private func leave() async {
    await supervisor.beginLeaving(mailbox)
    if let kept = LocalThread.takeKeptBreak() {
      await supervisor.giveBack(HeddleModel.BreakKind(kept), as: thread.id)
    }
    // Behind the breaks that were on their way.
    await supervisor.mark()
    await supervisor.drain()
  }

  /// Has `handler` called with each message, one after the other, and ends the process after the last. Racket:
  /// `consumer-thread`, for a process.
  public static func consume(_ handler: @escaping @Sendable ([UInt8], Worker) async throws -> Void) async -> Never {
    await main { worker in
      while let message = try await worker.receive() { try await handler(message, worker) }
    }
  }

  /// - Throws: `handshakeFailed` when this process is no worker.
  private init() async throws {
    let descriptor: Int32 = 3
    guard Environment.value("HEDDLE_CHANNEL") == "\(descriptor)" else {
      throw ClientError.handshake(
        socketPath: "descriptor \(descriptor)",
        reason:
          "this process was not started as a worker; start it by heddle run --channel frames, or with the channel frames"
      )
    }
    // What it executes is not the thread.
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    let loop = try ClientLoop.shared()
    let mailbox = WorkerMailbox(credit: .usualCredit)
    let supervisor = try await Supervisor.adopt(
      descriptor,
      mailTo: mailbox,
      breaksTo: .current,
      clientName: Supervisor.programName,
      on: loop
    )
    guard let worker = supervisor.welcome?.worker else {
      throw ClientError.handshake(socketPath: "descriptor \(descriptor)", reason: "it was not told which thread it is")
    }
    self.supervisor = supervisor
    self.mailbox = mailbox
    thread = RemoteThread(worker.thread, at: supervisor)
    firstBreakSetting = worker.breaksDisabled ? .disabled : .enabled
  }

  /// Ends the process as a program ends that does nothing about the signal of this break.
  private static func raise(_ kind: HeddleThreads.BreakKind) {
    let number = HeddleModel.BreakKind(kind).signal
    signal(number, SIG_DFL)
    kill(getpid(), number)
  }

  // MARK: - Mail

  /// Takes the first message; waits for one if there is none. Racket: `thread-receive`.
  ///
  /// - Returns: nil when the end of mail was announced and all was received.
  /// - Throws: `BreakError`, `CancellationError` and `Killed`, and then no message is lost. `ClientError` with
  ///   `connectionLost`.
  public func receive() async throws -> [UInt8]? {
    try await LocalThread.checkpoint()
    while true {
      switch mailbox.take() {
      case .message(let body, let isCreditDue):
        if isCreditDue { tellTaken() }
        return body
      case .end: return nil
      case .failure(let error): throw error
      case .nothing(let arrival): try await sync(arrival)
      }
    }
  }

  /// Takes the first message; nil when there is none, which the supervisor is asked about. Racket: `thread-try-receive`.
  ///
  /// - Throws: `ClientError` with `connectionLost`.
  public func tryReceive() async throws -> [UInt8]? {
    try await LocalThread.checkpoint()
    if mailbox.isEmpty { await supervisor.mark() }
    switch mailbox.take() {
    case .message(let body, let isCreditDue):
      if isCreditDue { tellTaken() }
      return body
    case .end, .nothing: return nil
    case .failure(let error): throw error
    }
  }

  /// Pushes messages back to the front of the mailbox, one by one: the last of them is received first. They live in this
  /// process from then on, and do not count in the mailbox. Racket: `thread-rewind-receive`.
  public func rewind(_ messages: [[UInt8]]) async throws {
    try await LocalThread.checkpoint()
    mailbox.rewind(messages)
  }

  /// Ready when there is mail, or no more can come; it takes none. Racket: `thread-receive-evt`.
  public var mail: WorkerMailEvent { WorkerMailEvent(mailbox: mailbox, supervisor: supervisor) }

  /// The messages, as they come, until the end of mail.
  public var messages: AsyncThrowingStream<[UInt8], any Error> { AsyncThrowingStream { try await receive() } }

  private func tellTaken() {
    supervisor.loop.perform { [supervisor, mailbox] in
      supervisor.assumeIsolated { $0.tell(of: mailbox) }
    }
  }
}

/// Ready when a worker has mail, which it leaves where it is. All of a process are equal. Racket: `thread-receive-evt`.
public struct WorkerMailEvent: HeddleThreads.Event, Hashable {
  fileprivate let mailbox: WorkerMailbox
  fileprivate let supervisor: Supervisor

  public var erased: AnyEvent<WorkerMailEvent> {
    guarded {
      if mailbox.isEmpty, Looking.isOn { await supervisor.mark() }
      return mailbox.arrival.wrap { _ in self }
    }
  }

  public static func == (left: WorkerMailEvent, right: WorkerMailEvent) -> Bool { left.mailbox === right.mailbox }

  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(mailbox)) }
}

extension Supervisor {
  fileprivate func beginLeaving(_ mailbox: WorkerMailbox) {
    channel?.isLeaving = true
    tell(of: mailbox)
  }

  fileprivate func giveBack(_ kind: HeddleModel.BreakKind, as worker: ThreadID) {
    if failure == nil { say { writer throws(FrameError) in try writer.break(kind, of: worker) } }
  }

  /// Returns when all mail has come that was queued for this worker before, or the connection is over.
  fileprivate func mark() async {
    guard let channel, failure == nil else { return }
    await withCheckedContinuation { task in
      let mark = channel.mark(for: task)
      say { writer throws(FrameError) in try writer.mark(mark) }
    }
  }

  /// Tells the supervisor how much mail was taken.
  fileprivate func tell(of mailbox: WorkerMailbox) {
    guard failure == nil, let taken = mailbox.takeCredit() else { return }
    say { writer throws(FrameError) in try writer.credit(taken) }
  }
}
