internal import HeddleClient
internal import HeddleLoop
internal import HeddleThreads

/// One agent of a trace as a process: its main thread performs the commands of its private queue, one after the other,
/// while its loop listens to the replayer.
final class WorkerAgent: Sendable {
  /// What the command `raise` throws.
  private struct Raised: Error {}

  private let name: ThreadName
  private let worker: Worker
  /// Where the replayer is.
  private let socketPath: String
  private let queue = AgentQueue()
  private let line: AgentLine

  init(name: ThreadName, worker: Worker, socketPath: String) {
    self.name = name
    self.worker = worker
    self.socketPath = socketPath
    line = AgentLine(to: socketPath, on: worker.supervisor.loop)
  }

  /// Connects to the replayer, and tells it which thread this is.
  func connect() async throws {
    let opened = Promise<LoopError?>()
    try await line.open { [self] order in
      hear(order)
    } onOpen: {
      opened.fulfill($0)
    }
    if let error = try await sync(opened) { throw error }
    line.say(.hello(thread: worker.thread.reference))
  }

  /// To be called first of all. One that has come already is sent again, to be kept.
  func keepBreaksOut() async throws {
    do { try await LocalThread.setBreaks(.disabled) } catch let error as BreakError {
      try await LocalThread.setBreaks(.disabled)
      try await worker.thread.sendBreak(error.kind)
    }
  }

  private func hear(_ order: AgentOrder) {
    switch order {
    case .perform(let command, let meanings): queue.add(command, AgentMeanings(meanings, at: worker.supervisor))
    case .probe(let number): Task { line.say(.parked(probe: number, try await parked())) }
    }
  }

  /// Returns when the main thread waits, and nothing that could wake it is on its way from the supervisor.
  ///
  /// What a command asks of the supervisor before it waits, it asks one after the other, and what is asked for last is
  /// answered last. So there are as many barriers as the command has questions, and one for the mail.
  private func parked() async throws -> AgentFigures {
    while true {
      for _ in 0...queue.questionsMax {
        try await worker.supervisor.barrier()
        try await sync(systemIdle)
      }
      if let figures = queue.figuresIfParked { return figures }
    }
  }

  /// The agent's life.
  func run() async throws {
    while true {
      do {
        let (command, meanings) = try await next()
        guard command != .exit else { return }
        if let report = try await perform(command, meanings) { tell(report) }
      } catch let error as BreakError {
        tell(.broken(BreakKind(error.kind)))
      } catch let error as ClientError where error.isContractFailure {
        tell(.error(.contract))
      }
    }
  }

  private func tell(_ report: Report) {
    queue.noteReport()
    line.say(.report(Observation.Event(name, report)))
  }

  private func next() async throws -> (AgentCommand, AgentMeanings) {
    queue.noteIdle()
    try await sync(queue.filled)
    // A break that was sent before the command may be on its way: it comes first.
    try await worker.supervisor.barrier()
    try await LocalThread.checkpoint()
    return queue.take()
  }

  private func perform(_ command: AgentCommand, _ meanings: AgentMeanings) async throws -> Report? {
    switch command {
    case .tryReceive: return .tryReceive(try await worker.tryReceive().map(Self.value))
    case .receive: return .receive(try await worker.receive().map(Self.value) ?? 0)
    case .rewind(let values):
      try await worker.rewind(values.map { Array("\($0)".utf8) })
      return .rewind
    case .breaks(let enabled):
      try await LocalThread.setBreaks(enabled ? .enabled : .disabled)
      return nil
    case .breakState: return .breakState(enabled: LocalThread.areBreaksEnabled)
    case .wait(let thread):
      try await meanings.thread(thread).wait()
      return .waited(thread)
    case .selfSuspend:
      try await worker.thread.suspend()
      return try await afterBreak(.selfSuspend)
    case .selfKill:
      try await worker.thread.kill()
      return try await afterBreak(.selfKill)
    case .raise: throw Raised()
    case .exit: return nil
    case .sync(let branches, let enablingBreaks):
      let (index, value) = try await sync(event(branches, meanings), enablingBreaks: enablingBreaks)
      return .sync(index: index, value: value)
    case .nest(let name, let custodian): return .nested(try await nest(name, under: meanings.custodian(custodian)))
    }
  }

  /// A break that came while the agent stood still is noticed before anything else.
  private func afterBreak(_ report: Report) async throws -> Report {
    try await LocalThread.checkpoint()
    return report
  }

  private static func value(of message: [UInt8]) -> Int { Int(String(decoding: message, as: UTF8.self)) ?? 0 }

  private func nest(_ name: ThreadName, under custodian: RemoteCustodian) async throws -> NestedOutcome {
    var program = AgentProgram.program(
      named: name,
      socketPath: socketPath,
      breaksEnabled: LocalThread.areBreaksEnabled
    )
    program.custodian = custodian
    queue.noteNestingBegins()
    do {
      let status = try await worker.supervisor.withNestedProcess(program) { [line, queue] nested in
        line.say(.nested(name, thread: nested.reference))
        queue.noteNestingHasBegun()
      }
      return status == 0 ? .returned : .raised
    } catch let error as ClientError where error.code == .nestedThreadKilled {
      return .failed
    }
  }

  // MARK: - Events

  /// A branch's place and the value that comes with it.
  private typealias Chosen = (index: Int, value: Int?)

  private func event(_ branches: [Branch], _ meanings: AgentMeanings) throws -> AnyEvent<Chosen> {
    choice(
      try branches.enumerated().map { index, branch in
        try event(branch.source, meanings).wrap { value -> Chosen in (index, value) }
      }
    )
  }

  private func event(_ source: Branch.Source, _ meanings: AgentMeanings) throws -> AnyEvent<Int?> {
    switch source {
    case .mail: worker.mail.wrap { _ in nil }
    // Nobody else takes this process's mail.
    case .receive: worker.mail.handle { [worker] _ in try await worker.receive().map(Self.value) }
    case .always: always(Int?.none)
    case .never: never(Int?.self)
    case .event(let name): try meanings.event(name).event.wrap { _ in nil }
    case .semaphore, .peek, .put, .get, .box, .alarm: throw MeaninglessError(word: source.json)
    }
  }
}
