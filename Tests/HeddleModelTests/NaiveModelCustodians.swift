import heddle_replay

/// A custodian of the naive model.
final class NaiveCustodian {
  /// Nil for the driver's own.
  let name: CustodianName?
  let parent: NaiveCustodian?
  var isDown = false

  init(name: CustodianName?, parent: NaiveCustodian?) {
    self.name = name
    self.parent = parent
  }

  /// Whether this is `other` or below it.
  func isAtOrBelow(_ other: NaiveCustodian) -> Bool {
    self === other || parent.map { $0.isAtOrBelow(other) } ?? false
  }
}

extension NaiveModel {
  func makeCustodian(_ name: CustodianName, below parent: NaiveCustodian) throws(NameError) -> Outcome {
    try expectNew(name)
    guard !parent.isDown else { return .failure(.contract) }
    add(NaiveCustodian(name: name, parent: parent))
    return .void
  }

  func managingCustodians(of thread: NaiveThread) -> [NaiveCustodian] {
    memberships.filter { $0.thread === thread }.map(\.custodian)
  }

  func isManaged(_ thread: NaiveThread) -> Bool { memberships.contains { $0.thread === thread } }

  func isAllowed(_ current: NaiveCustodian, over thread: NaiveThread) -> Bool {
    managingCustodians(of: thread).allSatisfy { $0.isAtOrBelow(current) }
  }

  func managers(of thread: NaiveThread) -> [CustodianName] {
    let managing = managingCustodians(of: thread)
    return custodians.filter { custodian in managing.contains { $0 === custodian } }.compactMap(\.name)
  }

  /// CU-16: only what is immediately below and alive.
  func members(of custodian: NaiveCustodian) -> Outcome {
    .members(
      threads: threads.filter { thread in
        memberships.contains { $0.thread === thread && $0.custodian === custodian }
      }.map(\.name),
      custodians: custodians.filter { $0.parent === custodian && !$0.isDown }.compactMap(\.name)
    )
  }

  /// Puts `thread` under `custodian`, and all that were attached to it, breadth first (SR-17 to SR-20).
  func add(_ custodian: NaiveCustodian, toManagersOf thread: NaiveThread) {
    guard !custodian.isDown else { return }
    var reached = [thread]
    while !reached.isEmpty {
      let next = reached.removeFirst()
      guard next.state != .dead, adds(custodian, to: next) else { continue }
      memberships.removeAll { $0.thread === next && $0.custodian.isAtOrBelow(custodian) }
      memberships.append((next, custodian))
      reached += dependents(of: next)
    }
  }

  private func adds(_ custodian: NaiveCustodian, to thread: NaiveThread) -> Bool {
    !managingCustodians(of: thread).contains { custodian.isAtOrBelow($0) }
  }

  /// Shuts down `custodian` and all below it, depth first: none is up any more when the first thread is dealt with.
  func shutDown(_ custodian: NaiveCustodian) -> Outcome {
    let falling = depthFirst(custodian).filter { !$0.isDown }
    for custodian in falling { custodian.isDown = true }
    let living = threads.filter { $0.state != .dead }
    for custodian in falling { release(custodian) }
    // Only once it is decided who dies: one that dies with its creator is not broken before.
    for thread in living { breakNested(of: thread) }
    return .void
  }

  private func depthFirst(_ custodian: NaiveCustodian) -> [NaiveCustodian] {
    [custodian] + custodians.filter { $0.parent === custodian }.flatMap { depthFirst($0) }
  }

  /// Takes the custodian's threads from it, in the order in which they came.
  private func release(_ custodian: NaiveCustodian) {
    for membership in memberships where membership.custodian === custodian {
      memberships.removeAll { $0.thread === membership.thread && $0.custodian === custodian }
      if !isManaged(membership.thread) { condemn(membership.thread) }
    }
  }
}
