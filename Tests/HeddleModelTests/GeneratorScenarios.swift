import heddle_replay

extension Generator {
  private enum Choice: CaseIterable {
    case contention, chain, cycle, nestedTwice, movedBreak, leftoverBreak, adoption, rendezvous, severalManagers
    case breakWhileWaiting, nack, allAtOnce, ownEvent, creatorSuspended, sharedDoom
  }

  /// A few operations that belong together and lead somewhere that chance alone seldom goes.
  mutating func scenario() -> [Operation] {
    switch random.pick(Choice.allCases) ?? .chain {
    case .contention: contention()
    case .chain: chain()
    case .cycle: cycle()
    case .nestedTwice: nestedTwice()
    case .movedBreak: movedBreak()
    case .leftoverBreak: leftoverBreak()
    case .adoption: adoption()
    case .rendezvous: rendezvous()
    case .severalManagers: severalManagers()
    case .breakWhileWaiting: breakWhileWaiting()
    case .nack: nack()
    case .allAtOnce: allAtOnce()
    case .ownEvent: ownEvent()
    case .creatorSuspended: creatorSuspended()
    case .sharedDoom: sharedDoom()
    }
  }

  private mutating func free() -> ThreadName {
    random.pick(known.threads(.running).filter { !known.busy.contains($0) }) ?? target(.running)
  }

  private mutating func anyKind() -> BreakKind { random.pick(BreakKind.allCases) ?? .interrupt }

  private mutating func semaphore() -> SemaphoreName { random.pick(known.semaphores) ?? SemaphoreName(0) }

  private mutating func channel() -> ChannelName { random.pick(known.channels) ?? ChannelName(0) }
}

// Waiting.
extension Generator {
  /// Several wait for one semaphore, and one of them is suspended meanwhile.
  private mutating func contention() -> [Operation] {
    let semaphore = semaphore()
    let waiters = (0..<3).map { _ in free() }
    var operations = waiters.map { waiter in
      Operation.command(waiter, .sync([branch(.semaphore(semaphore)), branch(.mail)], enablingBreaks: false))
    }
    operations += [.suspend(waiters[0], as: nil), .post(semaphore), .resume(waiters[0], benefactor: nil)]
    return operations + [.post(semaphore), .post(semaphore)]
  }

  /// Two meet at a channel, after one of them was suspended there.
  private mutating func rendezvous() -> [Operation] {
    let channel = channel()
    let (giver, taker) = (free(), free())
    let put = branch(.put(channel, message()))
    return [
      .command(giver, .sync([put, branch(.get(channel))], enablingBreaks: false)),
      .suspend(giver, as: nil),
      .command(taker, .sync([branch(.receive), branch(.get(channel))], enablingBreaks: random.chance(30))),
      .resume(giver, benefactor: nil),
      .command(free(), .sync([branch(.put(channel, message()))], enablingBreaks: false)),
    ]
  }

  /// A break for one that has them disabled, except while it waits.
  private mutating func breakWhileWaiting() -> [Operation] {
    let thread = free()
    return [
      .command(thread, .breaks(enabled: false)),
      .command(thread, .sync(branches(), enablingBreaks: true)),
      .breakThread(thread, anyKind()),
      .command(thread, .sync(branches(), enablingBreaks: true)),
      .command(thread, .breaks(enabled: random.chance(70))),
    ]
  }

  /// What nacks say before and after another branch was taken.
  private mutating func nack() -> [Operation] {
    let (thread, semaphore, channel) = (free(), semaphore(), channel())
    let nacks = (0..<2).map { _ in NackName(number()) }
    let branches = [Branch(.get(channel), nack: nacks[0]), Branch(.semaphore(semaphore), nack: nacks[1])]
    return [
      .command(thread, .sync(branches, enablingBreaks: false)),
      .poll(.nack(nacks[0])),
      random.chance(50) ? .post(semaphore) : .breakThread(thread, anyKind()),
      .poll(.nack(nacks[0])),
      .poll(.nack(nacks[1])),
    ]
  }

  /// Mail, a break and a post all reach a suspended waiter.
  private mutating func allAtOnce() -> [Operation] {
    let (thread, semaphore) = (free(), semaphore())
    let wait: AgentCommand =
      random.chance(50)
      ? .receive : .sync([branch(.semaphore(semaphore)), branch(.receive)], enablingBreaks: random.chance(40))
    return [
      .command(thread, .breaks(enabled: random.chance(60))),
      .command(thread, wait),
      .suspend(thread, as: nil),
      .send(thread, message(), onFailure: .raises),
      .post(semaphore),
      .breakThread(thread, anyKind()),
      .resume(thread, benefactor: benefactor()),
      .command(thread, .breaks(enabled: true)),
    ]
  }

  /// A thread waits for its own suspension or resumption.
  private mutating func ownEvent() -> [Operation] {
    let (thread, event) = (free(), EventName(number()))
    return [
      .event(event, random.chance(50) ? .suspend : .resume, of: thread),
      .command(thread, .sync([branch(.event(event)), branch(.mail)], enablingBreaks: false)),
      .command(thread, .selfSuspend),
      .suspend(thread, as: nil),
      .poll(.event(event)),
      .resume(thread, benefactor: nil),
    ]
  }
}

// Benefactors and custodians.
extension Generator {
  /// Three in a row, all suspended, and the last is resumed.
  private mutating func chain() -> [Operation] {
    let threads = (0..<3).map { _ in target(.running) }
    let vouching: [Operation] = [
      .resume(threads[0], benefactor: .thread(threads[1])), .resume(threads[1], benefactor: .thread(threads[2])),
    ]
    let suspending = threads.shuffled(using: &random).map { Operation.suspend($0, as: nil) }
    return vouching + suspending + [.resume(threads[2], benefactor: benefactor()), .managers(threads[0])]
  }

  /// Two that vouch for each other.
  private mutating func cycle() -> [Operation] {
    let (one, other) = (target(.running), target(.suspended))
    return [
      .resume(one, benefactor: .thread(other)),
      .resume(other, benefactor: .thread(one)),
      .suspend(one, as: nil),
      .suspend(other, as: nil),
      .resume(other, benefactor: benefactor()),
      .managers(one),
    ]
  }

  /// A thread that is not to be killed loses its manager and is adopted.
  private mutating func adoption() -> [Operation] {
    let (custodian, thread) = (CustodianName(number()), ThreadName(number()))
    return [
      .makeCustodian(custodian, parent: known.root),
      .thread(thread, under: custodian, suspendToKill: true),
      .command(thread, .sync(branches(), enablingBreaks: false)),
      .resume(target(.running), benefactor: .thread(thread)),
      .shutdown(custodian),
      .managers(thread),
      .send(thread, message(), onFailure: .raises),
      .resume(thread, benefactor: random.chance(70) ? .custodian(self.custodian()) : .thread(target(.running))),
    ]
  }

  /// A thread gets managers and loses them one by one.
  private mutating func severalManagers() -> [Operation] {
    let thread = target(.running)
    let custodians = (0..<2).map { _ in CustodianName(number()) }
    let parent = custodian()
    return custodians.map { .makeCustodian($0, parent: parent) }
      + custodians.map { .resume(thread, benefactor: .custodian($0)) }
      + [
        .managers(thread), .suspend(thread, as: random.pick(custodians)), .members(parent),
        .resume(thread, benefactor: .custodian(random.chance(50) ? parent : self.custodian())),
        .managers(thread), .members(custodians[0]),
      ] + custodians.map { .shutdown($0) }
  }
}

// Nested threads.
extension Generator {
  /// A thread nested in a nested one, and what may befall each.
  private mutating func nestedTwice() -> [Operation] {
    let (outer, middle, inner) = (free(), ThreadName(number()), ThreadName(number()))
    var operations: [Operation] = [
      .command(outer, .nest(middle, under: custodian())),
      .command(middle, .breaks(enabled: random.chance(70))),
      .command(middle, .nest(inner, under: custodian())),
      .command(inner, .sync(branches(), enablingBreaks: random.chance(30))),
    ]
    for thread in [outer, middle, inner] where random.chance(50) { operations.append(mishap(thread)) }
    operations.append(.breakThread(outer, anyKind()))
    return operations + [.command(inner, .exit), .command(middle, random.chance(50) ? .raise : .exit)]
  }

  private mutating func mishap(_ thread: ThreadName) -> Operation {
    switch random.below(5) {
    case 0, 1: .kill(thread, as: nil)
    case 2: .suspend(thread, as: nil)
    case 3: .command(thread, .breaks(enabled: false))
    default: .breakThread(thread, anyKind())
    }
  }

  /// A break that was pending when the nested call began.
  private mutating func movedBreak() -> [Operation] {
    let (outer, inner) = (free(), ThreadName(number()))
    return [
      .command(outer, .breaks(enabled: false)),
      .breakThread(outer, anyKind()),
      .command(outer, .nest(inner, under: custodian())),
      .command(inner, .breakState),
      .command(inner, .breaks(enabled: random.chance(60))),
      .command(inner, .exit),
      .command(outer, .breaks(enabled: true)),
    ]
  }

  /// A break that is still pending when the nested call ends.
  private mutating func leftoverBreak() -> [Operation] {
    let (outer, inner) = (free(), ThreadName(number()))
    return [
      .command(outer, .nest(inner, under: custodian())),
      .command(inner, .breaks(enabled: false)),
      .breakThread(outer, anyKind()),
      .breakThread(inner, anyKind()),
      random.chance(40) ? .kill(inner, as: nil) : .command(inner, random.chance(50) ? .exit : .raise),
    ]
  }

  /// The nested thread ends while its creator is suspended.
  private mutating func creatorSuspended() -> [Operation] {
    let (outer, inner) = (free(), ThreadName(number()))
    return [
      .command(outer, .nest(inner, under: custodian())),
      .suspend(outer, as: nil),
      .breakThread(outer, anyKind()),
      .command(inner, random.chance(60) ? .exit : .raise),
      .breakThread(outer, anyKind()),
      .resume(outer, benefactor: nil),
    ]
  }

  /// One shutdown takes a creator and its nested thread, in either order; others wait for them.
  private mutating func sharedDoom() -> [Operation] {
    let (custodian, below) = (CustodianName(number()), CustodianName(number()))
    let threads = (0..<4).map { _ in ThreadName(number()) }
    return [
      .makeCustodian(custodian, parent: known.root),
      .makeCustodian(below, parent: custodian),
      .thread(threads[0], under: random.chance(50) ? custodian : below, suspendToKill: random.chance(20)),
      .command(threads[0], .nest(threads[1], under: random.chance(50) ? custodian : below)),
      .command(threads[1], .nest(threads[2], under: random.chance(50) ? below : self.custodian())),
      .command(threads[2], random.chance(50) ? .wait(threads[random.below(2)]) : .breaks(enabled: false)),
      .thread(threads[3], under: random.chance(50) ? custodian : known.root, suspendToKill: random.chance(50)),
      .command(threads[3], .sync([Branch(.box(below)), Branch(.box(custodian))], enablingBreaks: false)),
      .command(free(), .wait(threads[random.below(3)])),
      .shutdown(custodian),
      .breakThread(threads[random.below(4)], anyKind()),
      .resume(threads[3], benefactor: .custodian(known.root)),
    ]
  }
}
