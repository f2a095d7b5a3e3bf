import HeddleModel

/// What waits cost in the core by itself: begun and ended, with nobody to wake.
enum WaitBenchmarks {
  private static let rounds = 200_000

  static func run(_ runs: Int, report: (Figure) -> Void) async throws {
    report(try await Figure("model.wait.one", unit: .nanoseconds, runs: runs, measure: givenUp))
    report(try await Figure("model.wait.receive", unit: .nanoseconds, runs: runs, measure: receive))
    report(try await Figure("model.semaphore", unit: .nanoseconds, runs: runs, measure: semaphore))
    report(try await Figure("model.rendezvous", unit: .nanoseconds, runs: runs, measure: rendezvous))
    report(try await Figure("model.choice10", unit: .nanoseconds, runs: runs, measure: choice))
  }

  /// One wait for another thread's death, begun and given up.
  private static func givenUp() throws(Refusal) -> Double {
    var (kernel, waiter, other) = try pair()
    let branches = [Branch(.state(try kernel.event(.death, of: other)))]
    return try measure(lastEffects: 1) { (_, effects) throws(Refusal) in
      let wait = try kernel.sync(branches, in: waiter, effects: &effects)
      kernel.withdraw(wait, effects: &effects)
    }
  }

  /// One receive that waits, and the message that ends it.
  private static func receive() throws(Refusal) -> Double {
    var (kernel, waiter, _) = try pair()
    var mailbox = Mailbox<Int>(bounds: .supervised)
    var sum = 0
    let elapsed = try measure(lastEffects: 1) { (round, effects) throws(Refusal) in
      _ = try kernel.sync([Branch(.receive)], in: waiter, effects: &effects)
      try kernel.send(to: waiter, effects: &effects) { () throws(MailRefusal) in try mailbox.send(round, size: 8) }
      if case .chosen(_, _, .message) = effects.first { sum &+= mailbox.receive() ?? 0 }
    }
    precondition(sum == rounds * (rounds - 1) / 2, "every message was received")
    return elapsed
  }

  /// One wait for a semaphore, and the post that ends it.
  private static func semaphore() throws(Refusal) -> Double {
    var (kernel, waiter, _) = try pair()
    let semaphore = kernel.makeSemaphore(count: 0)
    return try measure(lastEffects: 1) { (_, effects) throws(Refusal) in
      _ = try kernel.sync([Branch(.semaphore(semaphore))], in: waiter, effects: &effects)
      try kernel.post(semaphore, effects: &effects)
    }
  }

  /// One get that waits at a channel, and the put that meets it.
  private static func rendezvous() throws(Refusal) -> Double {
    var (kernel, getter, putter) = try pair()
    let channel = kernel.makeChannel()
    return try measure(lastEffects: 2) { (_, effects) throws(Refusal) in
      _ = try kernel.sync([Branch(.get(channel))], in: getter, effects: &effects)
      _ = try kernel.sync([Branch(.put(channel))], in: putter, effects: &effects)
    }
  }

  /// One choice from ten semaphores of which the last has something to take, looked at from each in its turn.
  private static func choice() throws(Refusal) -> Double {
    var (kernel, waiter, _) = try pair()
    let branches = (0..<10).map { Branch(.semaphore(kernel.makeSemaphore(count: $0 < 9 ? 0 : .max))) }
    return try measure(lastEffects: 1) { (round, effects) throws(Refusal) in
      _ = try kernel.sync(branches, in: waiter, firstLookAt: round, effects: &effects)
    }
  }

  /// - Returns: nanoseconds a round.
  private static func measure(
    lastEffects count: Int,
    round: (Int, inout [Effect]) throws(Refusal) -> Void
  ) throws(Refusal) -> Double {
    var effects: [Effect] = []
    let start = ContinuousClock.now
    for number in 0..<rounds {
      effects.removeAll(keepingCapacity: true)
      try round(number, &effects)
    }
    let elapsed = nanoseconds(since: start)
    precondition(effects.count == count, "the last round ended its waits")
    return elapsed / Double(rounds)
  }

  private static func pair() throws(Refusal) -> (Kernel, ThreadID, ThreadID) {
    var kernel = Kernel()
    let (first, second) = (try kernel.makeThread(under: kernel.root), try kernel.makeThread(under: kernel.root))
    return (kernel, first, second)
  }
}
