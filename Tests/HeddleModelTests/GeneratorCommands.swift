import heddle_replay

extension Generator {
  private enum Choice {
    case tryReceive, receive, rewind, breaks, wait, selfSuspend, selfKill, raise, exit, sync, syncEnablingBreaks
    case nest, breakState
  }

  private static let weights: [(weight: Int, value: Choice)] = [
    (5, .tryReceive), (6, .receive), (5, .rewind), (6, .breaks), (4, .wait), (4, .selfSuspend), (3, .selfKill),
    (1, .raise), (1, .exit), (28, .sync), (9, .syncEnablingBreaks), (9, .nest), (3, .breakState),
  ]

  /// A command for an agent, mostly one that seems to have nothing to do.
  mutating func command() -> Operation {
    if random.chance(8), let name = random.pick(known.living.filter(known.nested.contains)) {
      return .command(name, random.chance(60) ? .exit : .raise)
    }
    let free = known.threads(.running).filter { !known.busy.contains($0) }
    let thread = random.chance(80) ? random.pick(free) ?? target(.running) : target(.running)
    return .command(thread, command(for: thread))
  }

  private mutating func command(for thread: ThreadName) -> AgentCommand {
    switch random.pick(weighted: Generator.weights) {
    case .tryReceive: .tryReceive
    case .receive: .receive
    case .rewind: .rewind((0..<random.below(4)).map { _ in message() })
    case .breaks: .breaks(enabled: known.disabled.contains(thread) ? random.chance(80) : random.chance(20))
    case .wait: .wait(random.chance(10) ? thread : target(.running))
    case .selfSuspend: .selfSuspend
    case .selfKill: .selfKill
    case .raise: .raise
    case .exit: .exit
    case .sync: .sync(branches(), enablingBreaks: false)
    case .syncEnablingBreaks: .sync(branches(), enablingBreaks: true)
    case .nest: .nest(ThreadName(number()), under: custodian())
    case .breakState: .breakState
    }
  }

  /// None, seldom; mostly two or three; a quarter of them with a nack.
  mutating func branches() -> [Branch] {
    let count = random.pick(weighted: [(1, 0), (10, 1), (20, 2), (20, 3), (8, 4)])
    return (0..<count).map { _ in branch(source()) }
  }

  /// The source as a branch, with a nack now and then.
  mutating func branch(_ source: Branch.Source) -> Branch {
    Branch(source, nack: random.chance(25) ? NackName(number()) : nil)
  }

  private mutating func source() -> Branch.Source {
    let semaphore = random.pick(Array(known.semaphores.suffix(3)))
    let channel = random.pick(Array(known.channels.suffix(2)))
    let event = random.pick(Array(known.events.suffix(10)))
    let sources: [(weight: Int, value: Branch.Source?)] = [
      (5, .mail), (6, .receive), (1, .always), (3, .never), (12, semaphore.map { .semaphore($0) }),
      (6, semaphore.map { .peek($0) }), (12, channel.map { .put($0, message()) }), (12, channel.map { .get($0) }),
      (10, event.map { .event($0) }), (6, .box(custodian())), (7, .alarm(max(0, known.now + random.below(70) - 5))),
    ]
    return random.pick(weighted: sources) ?? .mail
  }
}
