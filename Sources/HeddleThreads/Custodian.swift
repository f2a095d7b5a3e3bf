internal import HeddleModel

/// What manages threads and whatever else is to end together: its shutdown ends them all. Custodians form a tree.
/// Racket: `make-custodian`.
///
/// A value that names the custodian; dropping it shuts nothing down.
public struct Custodian: Hashable, Sendable {
  let id: CustodianID
  let world: World

  init(id: CustodianID, world: World) {
    self.id = id
    self.world = world
  }

  /// The custodian above all others, which can be shut down like any.
  public static var root: Custodian { World.current.root }

  /// The calling thread's current custodian: the one that manages what it creates, and in whose name it suspends and
  /// kills. Racket: `current-custodian`.
  public static let current = Parameter(root)

  /// A custodian directly below `parent`, by default below the current one. Having `parent` is all the authority it needs.
  ///
  /// - Throws: `ThreadError` with `custodianShutDown`.
  public init(below parent: Custodian = current.value) async throws {
    let id = try await parent.world.act { (state, _) throws(Refusal) in
      try state.kernel.makeCustodian(below: parent.id)
    }
    self.init(id: id, world: parent.world)
  }

  /// Whether it is shut down, by itself or with one above it.
  public var isShutDown: Bool { world.look { try? $0.kernel.custodians.isShutDown(id) } ?? true }

  /// Shuts down the custodian and all below it, for good: what is registered with them is closed, and a thread that is
  /// left with no custodian is killed, or suspended if it was made so. No effect the second time. Racket:
  /// `custodian-shutdown-all`.
  ///
  /// Holding the custodian is all the authority it needs. The call returns when nothing of the threads executes any more;
  /// a caller that is one of them ends here, after all others.
  public func shutDown() async throws {
    try await world.actStopping { (state, effects) throws(Refusal) in
      try state.kernel.shutDown(id, effects: &effects)
      return effects.isEmpty ? state.orders(to: state.kernel.custodians.departing(below: id)) : []
    }
  }

  /// Ready when it is shut down, with itself. Racket: a custodian box as an event.
  public var shutdown: AnyEvent<Custodian> { AnyEvent(.shutdown(id)) { [self] _ in self } }

  /// What it manages directly: the living threads, the custodians, and what registered by `manage(_:)`, each in the order
  /// in which they came. Racket: `custodian-managed-list`.
  ///
  /// - Throws: `ThreadError` with `notAbove` unless the current custodian is strictly above this one.
  public func managed() async throws -> (
    threads: [LocalThread], custodians: [Custodian], resources: [any CustodianManaged]
  ) {
    let caller = Custodian.current.value.id
    let (bodies, custodians, closings) = try await world.act { (state, _) throws(Refusal) in
      let list = try state.kernel.managedList(of: id, by: caller)
      return (list.threads.compactMap { state.body(of: $0) }, list.custodians, state.closings.all(of: id))
    }
    return (
      bodies.map(\.identity.handle), custodians.map { Custodian(id: $0, world: world) },
      closings.compactMap { $0.resource() }
    )
  }

  public static func == (left: Custodian, right: Custodian) -> Bool {
    left.id == right.id && left.world === right.world
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(id) }
}
