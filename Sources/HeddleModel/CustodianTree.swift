/// The custodians, each below another but the root, and what each manages directly.
package struct CustodianTree: Equatable, Codable, Sendable {
  /// One custodian that is not shut down, or is shut down and still has threads to see the end of.
  package struct Custodian: Equatable, Codable, Sendable {
    /// nil for the root.
    package let parent: CustodianID?
    package internal(set) var isShutDown = false
    /// Those directly below that are not shut down, or not completely, in the order of creation.
    package internal(set) var children = Roster<CustodianID>()
    /// The threads that it manages directly, in the order in which they came.
    package internal(set) var members = Roster<ThreadID>()
    /// The threads that were told to end while it managed them and whose bodies have not ended.
    package internal(set) var departing = Roster<ThreadID>()
    /// The waits for its shutdown.
    var watchers = Roster<WaitID>()

    var isComplete: Bool { isShutDown && children.isEmpty && departing.isEmpty }
  }

  private var custodians = IDTable<CustodianID, Custodian>()
  package let root: CustodianID

  /// The tree that has only a root.
  package init() { root = custodians.insert(Custodian(parent: nil)) }

  /// The custodian's record; nil when it never was, or its shutdown is complete. In place.
  package internal(set) subscript(id: CustodianID) -> Custodian? {
    @inline(__always) _read { yield custodians[id] }
    @inline(__always) _modify { yield &custodians[id] }
  }

  /// What `look` finds in the record of `id`, if there is one.
  @inline(__always)
  func look<Found>(_ id: CustodianID, _ look: (Custodian) -> Found) -> Found? { custodians.look(id, look) }

  /// Changes the record of `id` in place; nil when there is none.
  @inline(__always)
  @discardableResult
  mutating func modify<Result>(_ id: CustodianID, _ change: (inout Custodian?) -> Result) -> Result {
    custodians.modify(id, change)
  }

  /// Adds a custodian directly below `parent`. Racket: `make-custodian`.
  package mutating func make(below parent: CustodianID) throws(Refusal) -> CustodianID {
    try requireOpen(parent)
    let id = custodians.insert(Custodian(parent: parent))
    custodians.modify(parent) { $0?.children.append(id) }
    return id
  }

  /// Throws unless `id` is a custodian that can manage new things.
  package func requireOpen(_ id: CustodianID) throws(Refusal) {
    if try isShutDown(id) { throw .custodianShutDown(id) }
  }

  /// Whether `id` is shut down, completely or not (CU-05).
  package func isShutDown(_ id: CustodianID) throws(Refusal) -> Bool {
    guard custodians.wasUsed(id) else { throw .noSuchCustodian(id) }
    return custodians.look(id, \.isShutDown) ?? true
  }

  /// Whether `id` is `other` or below it, directly or through others. Costs the depth of `id`.
  package func isAtOrBelow(_ id: CustodianID, _ other: CustodianID) -> Bool {
    var next: CustodianID? = id
    while let current = next {
      if current == other { return true }
      next = custodians.look(current, \.parent) ?? nil
    }
    return false
  }

  /// The threads that were told to end by the shutdown of `id`, or of one below it, and have not ended.
  package func departing(below id: CustodianID) -> [ThreadID] {
    subtree(of: id).flatMap { custodians[$0]?.departing.members ?? [] }
  }

  /// `id` and all below it, a custodian before those below it, those in the order of creation.
  package func subtree(of id: CustodianID) -> [CustodianID] {
    var found: [CustodianID] = []
    var pending = [id]
    while let current = pending.popLast() {
      found.append(current)
      pending.append(contentsOf: (custodians[current]?.children.members ?? []).reversed())
    }
    return found
  }

  /// Forgets `id` if its shutdown is complete, and then those above it to which this was the last thing missing.
  ///
  /// - Returns: the custodians whose shutdown is complete by this, lowest first.
  mutating func removeCompleted(from id: CustodianID) -> [CustodianID] {
    var completed: [CustodianID] = []
    var next: CustodianID? = id
    while let current = next, custodians.look(current, \.isComplete) == true {
      next = custodians.look(current, \.parent) ?? nil
      completed.append(current)
      custodians.remove(current)
      if let next { custodians.modify(next) { $0?.children.remove(current) } }
    }
    return completed
  }
}
