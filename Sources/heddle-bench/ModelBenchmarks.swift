import HeddleModel

/// What the core costs by itself: no process, no task, no socket.
enum ModelBenchmarks {
  static func run(_ runs: Int, report: (Figure) -> Void) async throws {
    for count in [10, 10_000] {
      report(
        try await Figure("model.suspend-resume.\(count)", unit: .nanoseconds, runs: runs) {
          try suspendResume(among: count)
        }
      )
      report(
        try await Figure("model.send-receive.\(count)", unit: .nanoseconds, runs: runs) {
          try sendReceive(among: count)
        }
      )
    }
    report(try await Figure("model.create-end", unit: .nanoseconds, runs: runs, measure: createEnd))
    for count in [1_000, 10_000] {
      report(try await Figure("model.shutdown.\(count)", unit: .microseconds, runs: runs) { try shutdown(of: count) })
    }
    report(try await Figure("model.benefactor-chain.1000", unit: .microseconds, runs: runs) { try chain(of: 1_000) })
    try await WaitBenchmarks.run(runs, report: report)
    try await RouteBenchmarks.run(runs, report: report)
  }

  /// One suspension and one resumption of a thread, bodies answering at once, each thread in its turn.
  private static func suspendResume(among count: Int) throws(Refusal) -> Double {
    var (kernel, threads) = try world(of: count)
    let (root, rounds) = (kernel.root, 100_000)
    var effects: [Effect] = []
    let start = ContinuousClock.now
    for round in 0..<rounds {
      let thread = threads[round % count]
      effects.removeAll(keepingCapacity: true)
      try kernel.suspend(thread, by: root, effects: &effects)
      kernel.bodyStopped(thread, generation: UInt64(round / count) * 2 + 1, effects: &effects)
      try kernel.resume(thread, effects: &effects)
      kernel.bodyRunning(thread, generation: UInt64(round / count) * 2 + 2, effects: &effects)
    }
    let elapsed = nanoseconds(since: start)
    precondition(effects.count == 4, "the last round suspended and resumed its thread")
    return elapsed / Double(rounds)
  }

  /// One message sent to a thread and taken by it, each thread in its turn; 16 wait in each mailbox.
  private static func sendReceive(among count: Int) throws(Refusal) -> Double {
    var (kernel, threads) = try world(of: count)
    var mailboxes = threads.map { _ in Mailbox<Int>(bounds: .supervised) }
    var effects: [Effect] = []
    for index in 0..<count * 16 {
      try kernel.send(to: threads[index % count], effects: &effects) { () throws(MailRefusal) in
        try mailboxes[index % count].send(index, size: 8)
      }
    }
    let rounds = 1_000_000
    var sum = 0
    let start = ContinuousClock.now
    for round in 0..<rounds {
      let index = round % count
      try kernel.send(to: threads[index], effects: &effects) { () throws(MailRefusal) in
        try mailboxes[index].send(round, size: 8)
      }
      if try kernel.tryReceive(in: threads[index]) { sum &+= mailboxes[index].receive() ?? 0 }
    }
    let elapsed = nanoseconds(since: start)
    precondition(sum != 0, "every send was received")
    return elapsed / Double(rounds)
  }

  /// One thread made, ended by itself, and forgotten.
  private static func createEnd() throws(Refusal) -> Double {
    var kernel = Kernel()
    var effects: [Effect] = []
    let (root, rounds) = (kernel.root, 200_000)
    let start = ContinuousClock.now
    for _ in 0..<rounds {
      effects.removeAll(keepingCapacity: true)
      let thread = try kernel.makeThread(under: root)
      kernel.bodyEnded(thread, .returned, effects: &effects)
      kernel.forget(thread)
    }
    let elapsed = nanoseconds(since: start)
    precondition(effects.count == 1 && kernel.threads.count == 0, "every thread has died and is forgotten")
    return elapsed / Double(rounds)
  }

  /// The shutdown of a custodian with `count` threads in custodians below it, until it is complete.
  private static func shutdown(of count: Int) throws(Refusal) -> Double {
    var kernel = Kernel()
    let top = try kernel.makeCustodian(below: kernel.root)
    var custodian = top
    for index in 0..<count {
      if index % 100 == 0 { custodian = try kernel.makeCustodian(below: top) }
      _ = try kernel.makeThread(under: custodian)
    }
    var (effects, answers): ([Effect], [Effect]) = ([], [])
    let start = ContinuousClock.now
    try kernel.shutDown(top, effects: &effects)
    for case .endBody(let thread, _) in effects { kernel.bodyEnded(thread, .killed, effects: &answers) }
    let elapsed = nanoseconds(since: start)
    precondition(answers.last == .shutdownComplete(top), "every thread is dead")
    return elapsed
  }

  /// A custodian added to the first of a chain of threads, each attached to the one before.
  private static func chain(of count: Int) throws(Refusal) -> Double {
    var kernel = Kernel()
    var effects: [Effect] = []
    let (home, added) = (try kernel.makeCustodian(below: kernel.root), try kernel.makeCustodian(below: kernel.root))
    var threads: [ThreadID] = []
    for _ in 0..<count { threads.append(try kernel.makeThread(under: home)) }
    for (benefactor, thread) in zip(threads, threads.dropFirst()) {
      try kernel.resume(thread, benefactor: .thread(benefactor), effects: &effects)
    }
    let start = ContinuousClock.now
    try kernel.resume(threads[0], benefactor: .custodian(added), effects: &effects)
    return nanoseconds(since: start)
  }

  private static func world(of count: Int) throws(Refusal) -> (Kernel, [ThreadID]) {
    var kernel = Kernel()
    var threads: [ThreadID] = []
    for _ in 0..<count { threads.append(try kernel.makeThread(under: kernel.root)) }
    return (kernel, threads)
  }
}
