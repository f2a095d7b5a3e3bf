import heddle_replay

/// Makes up the operations of one world from a seed, one after the other, each knowing what the earlier ones showed.
///
/// The same seed and the same observations give the same operations.
struct Generator {
  var random: SplitMix64
  var known = GeneratorKnowledge()
  /// Scenarios that were begun: operations still to come, in order, with others in between.
  var plans: [[Operation]]
  /// The numbers that names have got so far.
  private var names = 0
  /// The messages that were made up so far; no two are alike.
  private var messages = 100

  init(seed: UInt64) {
    random = SplitMix64(seed: seed)
    plans = []
    plans = [opening()]
  }

  mutating func learn(_ operation: Operation, _ observation: Observation) { known.learn(operation, observation) }

  mutating func next() -> Operation {
    if let planned = planned() { return planned }
    if known.down.contains(known.root), random.chance(80) { return .newRoot(CustodianName(root: number())) }
    if known.upCustodians.count < 3, random.chance(60) { return makeCustodian() }
    if known.living.count < 5, random.chance(50) { return makeThread() }
    guard !known.threads.isEmpty else { return makeThread() }
    return anything()
  }

  mutating func number() -> Int {
    names += 1
    return names
  }

  mutating func message() -> Int {
    messages += 1
    return messages
  }

  /// The next operation of a scenario, now and then; one that has become impossible ends its scenario.
  private mutating func planned() -> Operation? {
    if plans.count < 3, !known.living.isEmpty, random.chance(12) { plans.append(scenario()) }
    guard !plans.isEmpty, random.chance(known.threads.isEmpty ? 100 : 45) else { return nil }
    let index = random.below(plans.count)
    guard !plans[index].isEmpty, known.allows(plans[index][0]) else {
      plans.remove(at: index)
      return nil
    }
    return plans[index].removeFirst()
  }

  /// What every world begins with: something to manage, something to wait for.
  private mutating func opening() -> [Operation] {
    let custodians = (1...3).map { _ in CustodianName(number()) }
    var operations: [Operation] = [.makeCustodian(custodians[0], parent: .root)]
    operations.append(.makeCustodian(custodians[1], parent: random.chance(60) ? custodians[0] : .root))
    operations.append(.makeCustodian(custodians[2], parent: random.pick(custodians.dropLast()) ?? .root))
    for custodian in custodians {
      operations.append(.thread(ThreadName(number()), under: custodian, suspendToKill: random.chance(25)))
    }
    for count in 0...1 { operations.append(.semaphore(SemaphoreName(number()), count: count)) }
    for _ in 0...1 { operations.append(.channel(ChannelName(number()))) }
    return operations
  }
}

extension Generator {
  private enum Choice {
    case makeCustodian, makeThread, makeSource
    case suspend, kill, resume, shutdown
    case send, sendBreak, command
    case event, poll, post, tick, managers, members
  }

  private mutating func anything() -> Operation {
    switch random.pick(weighted: weights()) {
    case .makeCustodian: makeCustodian()
    case .makeThread: makeThread()
    case .makeSource: random.chance(50) ? makeSemaphore() : .channel(ChannelName(number()))
    case .suspend: .suspend(target(.running), as: caller())
    case .kill: .kill(target(random.chance(20) ? .suspended : .running), as: caller())
    case .resume: .resume(target(.suspended), benefactor: benefactor())
    case .shutdown: .shutdown(doomed())
    case .send: send()
    case .sendBreak: .breakThread(target(.running), random.pick(BreakKind.allCases) ?? .interrupt)
    case .command: command()
    case .event:
      .event(EventName(number()), random.pick(StateEventKind.allCases) ?? .dead, of: target(.running))
    case .poll: poll()
    case .post: .post(random.pick(known.semaphores) ?? SemaphoreName(0))
    case .tick: .tick(milliseconds: 1 + random.below(40))
    case .managers: .managers(target(.running))
    case .members: .members(random.pick(known.custodians) ?? .root)
    }
  }

  /// How often each comes; more threads when few are alive, more resumes when many are suspended.
  private func weights() -> [(weight: Int, value: Choice)] {
    let living = known.living.count
    let suspended = known.threads(.suspended).count
    return [
      (5, .makeCustodian), (max(2, 14 - living), .makeThread), (1, .makeSource),
      (9, .suspend), (living > 6 ? 5 : 2, .kill), (8 + 3 * suspended, .resume), (living > 6 ? 4 : 2, .shutdown),
      (9, .send), (9, .sendBreak), (38, .command),
      (9, .event), (12, .poll), (known.semaphores.isEmpty ? 0 : 9, .post), (4, .tick), (5, .managers), (4, .members),
    ]
  }

  mutating func makeCustodian() -> Operation {
    .makeCustodian(CustodianName(number()), parent: custodian())
  }

  mutating func makeThread() -> Operation {
    .thread(ThreadName(number()), under: custodian(), suspendToKill: random.chance(25))
  }

  private mutating func makeSemaphore() -> Operation { .semaphore(SemaphoreName(number()), count: random.below(3)) }

  /// Mail, now and then for a dead thread.
  private mutating func send() -> Operation {
    let lost = random.chance(10) ? random.pick(known.threads(.dead)) : nil
    return .send(lost ?? target(.running), message(), onFailure: random.pick(SendFailure.allCases) ?? .raises)
  }

  private mutating func poll() -> Operation {
    if random.chance(35), let nack = random.pick(Array(known.nacks.suffix(8))) { return .poll(.nack(nack)) }
    guard let event = random.pick(Array(known.events.suffix(random.chance(80) ? 8 : 1000))) else {
      return .event(EventName(number()), .suspend, of: target(.running))
    }
    return .poll(.event(event))
  }

  /// A custodian: mostly one that is up, often a young one, so that chains grow.
  mutating func custodian() -> CustodianName {
    if random.chance(4), let lost = random.pick(known.custodians.filter(known.down.contains)) { return lost }
    let up = known.upCustodians
    return random.pick(random.chance(50) ? Array(up.suffix(3)) : up) ?? known.root
  }

  /// A custodian to shut down: seldom a root.
  private mutating func doomed() -> CustodianName {
    let up = known.upCustodians.filter { $0 != known.root }
    if random.chance(5) { return known.root }
    if random.chance(5) { return random.pick(known.custodians) ?? known.root }
    return random.pick(Array(up.suffix(random.chance(70) ? 4 : 1000))) ?? known.root
  }

  /// A current custodian: mostly one with authority over everything.
  mutating func caller() -> CustodianName? { random.chance(55) ? nil : random.pick(known.custodians) }

  /// A thread: mostly one in that state, seldom a dead one.
  mutating func target(_ state: ThreadState) -> ThreadName {
    if random.chance(4), let any = random.pick(known.threads) { return any }
    let wanted = random.chance(75) ? known.threads(state) : known.living
    return random.pick(wanted) ?? random.pick(known.living) ?? random.pick(known.threads) ?? ThreadName(0)
  }

  mutating func benefactor() -> Benefactor? {
    switch random.below(10) {
    case 0...2: nil
    case 3...6: .thread(target(random.chance(50) ? .running : .suspended))
    default: .custodian(custodian())
    }
  }
}
