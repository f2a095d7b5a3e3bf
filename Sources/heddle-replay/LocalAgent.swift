internal import DequeModule
internal import HeddleThreads
internal import Synchronization

/// One thread of a trace as a local thread: it performs the commands of its private queue, one after the other.
///
/// An idle agent waits outside of the model, as the traces have it: the queue is no event, and nothing is taken from it by a
/// wait that a break ends.
final class LocalAgent: Sendable {
  /// What the command `raise` throws.
  private struct Raised: Error {}

  private struct Queue: Sendable {
    var commands: Deque<AgentCommand> = []
    /// The idle agent.
    var idler: CheckedContinuation<Void, Never>?
  }

  let name: ThreadName
  private let board: LocalBoard
  private let queue = Mutex(Queue())

  init(name: ThreadName, board: LocalBoard) {
    self.name = name
    self.board = board
  }

  /// The agent exists from now on, as this thread.
  func enter(as thread: LocalThread) {
    board.change { tables in
      tables.threads.add(thread, as: name)
      tables.agents.append(self)
    }
  }

  /// Puts a command at the end of the queue.
  func take(_ command: AgentCommand) {
    queue.withLock { $0.commands.append(command) }
    nudge()
  }

  /// Makes an idle agent look around.
  func nudge() {
    let idler = queue.withLock { queue in
      defer { queue.idler = nil }
      return queue.idler
    }
    idler?.resume()
  }

  /// The next command; nil when there was none and it is time to look around.
  private func next() async -> AgentCommand? {
    if let command = queue.withLock({ $0.commands.popFirst() }) { return command }
    await withCheckedContinuation { idler in
      let isIdle = queue.withLock { queue in
        if queue.commands.isEmpty { queue.idler = idler }
        return queue.commands.isEmpty
      }
      if !isIdle { idler.resume() }
    }
    return nil
  }

  /// The agent's life.
  func run() async throws {
    while true {
      do {
        try await LocalThread.checkpoint()
        guard let command = await next() else { continue }
        guard command != .exit else { return }
        if let report = try await perform(command) { board.report(report, by: name) }
      } catch let error as BreakError {
        board.report(.broken(BreakKind(error.kind)), by: name)
      } catch is ThreadError {
        board.report(.error(.contract), by: name)
      } catch let error as NameError {
        board.change { $0.failure = $0.failure ?? error }
      }
    }
  }

  private func perform(_ command: AgentCommand) async throws -> Report? {
    switch command {
    case .tryReceive: return .tryReceive(try await LocalThread.tryReceive() as? Int)
    case .receive: return .receive(try await LocalThread.receive() as? Int ?? 0)
    case .rewind(let values):
      try await LocalThread.rewind(values)
      return .rewind
    case .breaks(let enabled):
      try await LocalThread.setBreaks(enabled ? .enabled : .disabled)
      return nil
    case .breakState: return .breakState(enabled: LocalThread.areBreaksEnabled)
    case .wait(let name):
      try await board.thread(name).wait()
      return .waited(name)
    case .selfSuspend:
      try await LocalThread.current.suspend()
      return .selfSuspend
    case .selfKill:
      try await LocalThread.current.kill()
      return .selfKill
    case .raise: throw Raised()
    case .exit: return nil
    case .sync(let branches, let enablingBreaks):
      let (index, value) = try await sync(event(branches), enablingBreaks: enablingBreaks)
      return .sync(index: index, value: value)
    case .nest(let name, let custodian): return .nested(try await nest(name, under: board.custodian(custodian)))
    }
  }

  private func nest(_ name: ThreadName, under custodian: Custodian) async throws -> NestedOutcome {
    try board.change { try $0.threads.requireFree(name) }
    let agent = LocalAgent(name: name, board: board)
    do {
      try await LocalThread.withNestedThread(custodian: custodian) {
        agent.enter(as: .current)
        try await agent.run()
      }
      return .returned
    } catch is Raised {
      return .raised
    } catch let error as ThreadError where error.code == .nestedThreadKilled {
      return .failed
    }
  }

  // MARK: - Events

  /// Each branch with its place and the value that comes with it.
  private typealias Chosen = (index: Int, value: Int?)

  private func event(_ branches: [Branch]) throws -> AnyEvent<Chosen> {
    choice(try branches.enumerated().map { try event($1, at: $0) })
  }

  private func event(_ branch: Branch, at index: Int) throws -> AnyEvent<Chosen> {
    let event = try event(branch.source).wrap { value -> Chosen in (index, value) }
    guard let name = branch.nack else { return event }
    return nackGuarded { [board] nack in
      board.change { $0.nacks[name] = nack }
      return event
    }
  }

  private func event(_ source: Branch.Source) throws -> AnyEvent<Int?> {
    switch source {
    case .mail: LocalThread.mail.wrap { _ in nil }
    case .receive: LocalThread.received.wrap { $0 as? Int }
    case .always: always(Int?.none)
    case .never: never(Int?.self)
    case .semaphore(let name): try board.semaphore(name).wrap { _ in nil }
    case .peek(let name): try board.semaphore(name).peek.wrap { _ in nil }
    case .put(let name, let value): try board.channel(name).putting(value).wrap { nil }
    case .get(let name): try board.channel(name).getting.wrap { $0 }
    case .event(let name): try board.event(name).event.wrap { _ in nil }
    case .box(let name): try board.custodian(name).shutdown.wrap { _ in nil }
    case .alarm(let milliseconds): alarm(at: .milliseconds(milliseconds)).wrap { nil }
    }
  }
}
