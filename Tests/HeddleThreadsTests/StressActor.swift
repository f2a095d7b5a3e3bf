@testable import HeddleThreads

/// What a thread under stress can do.
enum StressDeed: CaseIterable {
  case send
  case tryReceive
  case receive
  case rewind
  case post
  case wait
  case put
  case get
  case choose
  case poll
  case chooseAmongChanges
  case suspendItself
  case suspendAnother
  case resumeForThread
  case resumeForCustodian
  case kill
  case sendBreak
  case keepBreaksOut
  case makeCustodian
  case shutDown
  case fillBox
  case listMembers
  case makeThread
  case nest
  case bindParameter
  case shareWithChildTasks
  case cancelChildTasks
  case yield
  case checkpoint
  case sleep
  case sleepAsTask
}

/// A thread under stress: it does one thing after the other, drawn by lot.
struct StressActor {
  /// How long it waits for what may never come.
  private static let patience = Duration.microseconds(300)

  let stress: Stress
  var random: SplitMix64

  mutating func act() async throws {
    for _ in 0..<10 + random.below(200) {
      let deed = random.pick(StressDeed.allCases)
      do {
        try await perform(deed)
        stress.note(deed)
      } catch is Killed {
        throw Killed()
      } catch {
        // Others break it, shut down what it uses, and die on it; it goes on.
        guard error is ThreadError || error is BreakError || error is CancellationError else { throw error }
      }
    }
  }

  private mutating func perform(_ deed: StressDeed) async throws {
    switch deed {
    case .send, .tryReceive, .receive, .rewind: try await performMail(deed)
    case .post, .wait, .put, .get, .choose, .poll, .chooseAmongChanges: try await performEvent(deed)
    case .suspendItself, .suspendAnother, .resumeForThread, .resumeForCustodian, .kill, .sendBreak:
      try await performControl(deed)
    case .makeCustodian, .shutDown, .fillBox, .listMembers: try await performCustodian(deed)
    case .makeThread, .nest, .bindParameter, .keepBreaksOut: try await performScope(deed)
    case .shareWithChildTasks, .cancelChildTasks: try await performChildren(deed)
    case .yield: await Task.yield()
    case .checkpoint: try await LocalThread.checkpoint()
    case .sleep: try await LocalThread.sleep(for: random.chance(50) ? .zero : Self.patience)
    case .sleepAsTask: try await Task.sleep(for: Self.patience)
    }
  }

  private mutating func performMail(_ deed: StressDeed) async throws {
    switch deed {
    case .send: try await stress.anyThread(&random).send(random.next())
    case .tryReceive: _ = try await LocalThread.tryReceive()
    case .receive: _ = try await sync(LocalThread.received, timeout: Self.patience)
    default: try await LocalThread.rewind([random.next(), random.next()])
    }
  }

  // MARK: - Events

  private mutating func performEvent(_ deed: StressDeed) async throws {
    switch deed {
    case .post: try await random.pick(stress.semaphores).post()
    case .wait: _ = try await sync(random.pick(stress.semaphores), timeout: Self.patience)
    case .put: _ = try await sync(random.pick(stress.channels).putting(random.next()), timeout: Self.patience)
    case .get: _ = try await sync(random.pick(stress.channels).getting, timeout: Self.patience)
    case .poll: _ = try await HeddleThreads.poll(anyEvent(depth: 0))
    case .choose:
      let events = (0..<1 + random.below(4)).map { _ in anyEvent(depth: 0) }
      _ = try await sync(choice(events), timeout: Self.patience, enablingBreaks: random.chance(50))
    default:
      let thread = stress.anyThread(&random)
      let changes = choice(thread.suspension.wrap { _ in }, thread.resumption.wrap { _ in }, thread.death.wrap { _ in })
      _ = try await sync(changes, timeout: Self.patience)
    }
  }

  private mutating func anyEvent(depth: Int) -> AnyEvent<Void> {
    switch random.below(depth < 2 ? 12 : 8) {
    case 0: return random.pick(stress.semaphores).wrap { _ in }
    case 1: return random.pick(stress.semaphores).peek.wrap { _ in }
    case 2: return random.pick(stress.channels).putting(random.next())
    case 3: return random.pick(stress.channels).getting.handle { _ in try await LocalThread.checkpoint() }
    case 4: return stress.anyThread(&random).wrap { _ in }
    case 5: return LocalThread.mail.wrap { _ in }
    case 6: return after(Self.patience)
    case 7: return random.chance(10) ? always(()) : never()
    case 8: return choice(anyEvent(depth: depth + 1), anyEvent(depth: depth + 1))
    case 9:
      let event = anyEvent(depth: depth + 1)
      return guarded {
        try await LocalThread.checkpoint()
        return event
      }
    case 10:
      let event = anyEvent(depth: depth + 1)
      return nackGuarded { nack in choice(event, nack) }
    default:
      // As a manager would: told that it was not chosen, it is gone.
      let event = anyEvent(depth: depth + 1)
      return nackGuarded { nack in
        _ = try await LocalThread { _ = try await sync(nack, timeout: Self.patience) }
        return event
      }
    }
  }

  // MARK: - Threads and custodians

  private mutating func performControl(_ deed: StressDeed) async throws {
    let target = stress.anyThread(&random)
    switch deed {
    case .suspendItself: try await LocalThread.current.suspend()
    case .suspendAnother: try await Custodian.current.withValue(.root) { try await target.suspend() }
    case .resumeForThread: try await target.resume(benefactor: .thread(stress.anyThread(&random)))
    case .resumeForCustodian:
      try await target.resume(benefactor: stress.anyCustodian(&random).map(Benefactor.custodian))
    case .kill: try await Custodian.current.withValue(.root) { try await target.kill() }
    default: try await target.sendBreak(random.pick(BreakKind.allCases))
    }
  }

  private mutating func performCustodian(_ deed: StressDeed) async throws {
    let current = Custodian.current.value
    // What all live under is nobody's to shut down.
    guard deed != .makeCustodian, let custodian = stress.anyCustodian(&random) else {
      let parent = random.chance(50) ? current : stress.anyCustodian(&random) ?? current
      return stress.keep(try await Custodian(below: parent))
    }
    switch deed {
    case .shutDown: try await custodian.shutDown()
    case .fillBox: _ = try await poll(CustodianBox(random.next(), in: custodian))
    default: _ = try await Custodian.current.withValue(.root) { try await custodian.managed() }
    }
  }

  // MARK: - Scopes

  private mutating func performScope(_ deed: StressDeed) async throws {
    let thread = stress.anyThread(&random)
    let number = random.below(1_000)
    let parameter = stress.parameter
    switch deed {
    case .makeThread: _ = try await LocalThread { try await thread.send(number) }
    case .nest: _ = try await LocalThread.withNestedThread { try await thread.trySend(number) }
    case .bindParameter:
      try await parameter.withValue(number) {
        try await LocalThread.checkpoint()
        guard parameter.value == number else { throw Mishap() }
      }
    default:
      try await LocalThread.withBreaks(.disabled) {
        for _ in 0..<10 { try await LocalThread.checkpoint() }
      }
    }
  }

  private mutating func performChildren(_ deed: StressDeed) async throws {
    let (semaphore, channel) = (random.pick(stress.semaphores), random.pick(stress.channels))
    do {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { _ = try await sync(semaphore, timeout: Self.patience) }
        group.addTask { _ = try await sync(channel.getting, timeout: Self.patience) }
        group.addTask { try await LocalThread.sleep() }
        if deed == .cancelChildTasks { group.cancelAll() }
        try await group.waitForAll()
      }
    } catch is CancellationError where deed == .cancelChildTasks {}
  }
}
