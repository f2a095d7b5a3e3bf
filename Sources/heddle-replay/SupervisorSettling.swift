internal import HeddleClient
internal import HeddleThreads

/// What an agent does when everything has settled.
enum AgentStanding: Equatable, Sendable {
  /// Its thread waits.
  case parked(AgentFigures)
  case suspended
  case dead
}

extension SupervisorSubject {
  /// Returns when two rounds have shown the same: what the driver has asked for was seen to have happened, and each agent
  /// is dead, stands still, or is parked and has done no more than before.
  ///
  /// - Returns: how the agents stand, in their order.
  mutating func settle() async throws -> [AgentStanding] {
    var last: [AgentStanding] = []
    while true {
      try await stage.supervisor.barrier()
      let round = try await standings()
      try await adoptNested()
      if round == last, round.count == threads.pairs.count { return round }
      last = round
    }
  }

  private func standings() async throws -> [AgentStanding] {
    try await withThrowingTaskGroup(of: (Int, AgentStanding).self) { [stage] group in
      for (index, (_, thread)) in threads.pairs.enumerated() {
        group.addTask { (index, try await Self.standing(of: thread, at: stage.door)) }
      }
      var standings = Array(repeating: AgentStanding.dead, count: threads.pairs.count)
      for try await (index, standing) in group { standings[index] = standing }
      return standings
    }
  }

  /// How an agent stands, once it is parked or cannot say so.
  private static func standing(of thread: RemoteThread, at door: AgentDoor) async throws -> AgentStanding {
    // Asked for first, so that a suspension is not missed.
    let suspension = try await thread.suspension()
    let halted = [suspension.wrap { _ in AgentStanding.suspended }, thread.death.wrap { _ in AgentStanding.dead }]
    switch try await thread.status().state {
    case .dead: return .dead
    case .suspended: return try await sync(choice(halted))
    case .starting, .running, .ending:
      return try await sync(choice(halted + [door.probe(thread).wrap { .parked($0) }]))
    }
  }

  /// The agents that were nested in others since the last round.
  private mutating func adoptNested() async throws {
    for (_, thread) in threads.pairs {
      for nested in await stage.door.takeNested(in: thread) {
        try threads.requireFree(nested.name)
        threads.add(try stage.supervisor.thread(referredToBy: nested.thread), as: nested.name)
      }
    }
  }

  func observation(_ result: Outcome, _ standings: [AgentStanding]) async throws -> Observation {
    var events: [Observation.Event] = []
    for (name, thread) in threads.pairs {
      events += await stage.door.takeReports(of: thread).map { Observation.Event(name, $0) }
    }
    var down: [CustodianName] = []
    for (name, custodian) in custodians.pairs where try await custodian.isShutDown() { down.append(name) }
    let states = zip(threads.pairs, standings).map { ($0.name, ThreadState($1)) }
    return Observation(
      result: result,
      events: events,
      states: Dictionary(uniqueKeysWithValues: states),
      down: down
    )
  }
}

extension ThreadState {
  init(_ standing: AgentStanding) {
    self =
      switch standing {
      case .parked: .running
      case .suspended: .suspended
      case .dead: .dead
      }
  }
}
