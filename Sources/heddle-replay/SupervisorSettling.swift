internal import HeddleClient
internal import HeddleModel
internal import HeddleWire

// What is seen after an operation, once everything has settled.

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
      if round == last, round.count == agents.count { return round }
      last = round
    }
  }

  private mutating func standings() async throws -> [AgentStanding] {
    try await withThrowingTaskGroup(of: (Int, SupervisorAgent, AgentStanding).self) { [agents, stage] group in
      for (index, agent) in agents.enumerated() {
        group.addTask {
          var agent = agent
          let standing = try await agent.standing(asking: stage.door)
          return (index, agent, standing)
        }
      }
      var standings = agents.map { _ in AgentStanding.dead }
      for try await (index, agent, standing) in group { (self.agents[index], standings[index]) = (agent, standing) }
      return standings
    }
  }

  /// The agents that were nested in others since the last round.
  private mutating func adoptNested() async throws {
    for nested in await stage.door.takeNested(in: agents.map(\.thread)) {
      try addAgent(nested.name, stage.supervisor.thread(referredToBy: nested.thread))
    }
  }

  func observation(_ result: Outcome, _ standings: [AgentStanding]) async throws -> Observation {
    let reports = await stage.door.takeReports(of: agents.map(\.thread))
    let states = zip(agents, standings).map { ($0.name, ThreadState($1)) }
    let open = try await stage.supervisor.custodianTree(driver.location).open
    return Observation(
      result: result,
      events: zip(agents, reports).flatMap { agent, reports in reports.map { Observation.Event(agent.name, $0) } },
      states: Dictionary(uniqueKeysWithValues: states),
      down: custodians.pairs.filter { !open.contains($0.id.location) }.map(\.name)
    )
  }
}

extension CustodianListing {
  /// The paths of what is not shut down.
  fileprivate var open: Set<CustodianPath> {
    let below = children.reduce(into: Set()) { $0.formUnion($1.open) }
    return state == .open ? below.union([path]) : below
  }
}
