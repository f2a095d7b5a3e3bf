internal import HeddleModel

/// A counting semaphore. As an event it is ready when the count is above zero, takes one, and gives itself; those who wait
/// are served first come first. Racket: `make-semaphore`.
public final class Semaphore: Event {
  let id: SemaphoreID
  private let world: World

  /// A semaphore with a count of at least 0.
  public convenience init(_ count: UInt64 = 0) { self.init(count: count, in: World.current) }

  init(count: UInt64, in world: World) {
    self.world = world
    id = world.make { $0.kernel.makeSemaphore(count: count) }
  }

  deinit { world.settle { (state, _) in state.kernel.forget(id) } }

  /// Raises the count by one; the longest waiting gets it. Racket: `semaphore-post`.
  public func post() async throws {
    try await world.act { (state, effects) throws(Refusal) in try state.kernel.post(id, effects: &effects) }
  }

  /// Waits until the count is above zero, and takes one. Throws as `sync(_:enablingBreaks:)` does, and then it has taken
  /// none. Racket: `semaphore-wait`.
  public func wait() async throws { _ = try await World.waitHere(for: .semaphore(id)) }

  /// Waits until the count is above zero, and takes none.
  func waitUntilPositive() async throws { _ = try await World.waitHere(for: .peek(id)) }

  /// Takes one if the count is above zero; says whether it was. Racket: `semaphore-try-wait?`.
  public func tryWait() async throws -> Bool { try await poll(self) != nil }

  /// Ready when the count is above zero, which stays as it is. Gives the semaphore. Racket: `semaphore-peek-evt`.
  public var peek: AnyEvent<Semaphore> { AnyEvent(.peek(id)) { [self] _ in self } }

  public var erased: AnyEvent<Semaphore> { AnyEvent(.semaphore(id)) { [self] _ in self } }

  /// As `post`, in nobody's name.
  func postFromOutside() {
    world.settle { (state, effects) throws(Refusal) in try state.kernel.post(id, effects: &effects) }
  }

  /// Raises the count from zero to one, unless a thread calls that was killed, and in its own name.
  ///
  /// - Parameter prepare: called before, within the world's lock; nobody who waits goes on earlier.
  /// - Returns: whether it was raised.
  func postOnce(inNobodysName isAnonymous: Bool = false, _ prepare: () -> Void) -> Bool {
    let caller = isAnonymous ? nil : world.caller
    var hasPosted = false
    world.settle { (state, effects) throws(Refusal) in
      guard caller?.isKilled != true, try state.kernel.count(of: id) == 0 else { return }
      prepare()
      try state.kernel.post(id, effects: &effects)
      hasPosted = true
    }
    return hasPosted
  }
}

extension World {
  /// Adds something to the model that no state of it can refuse.
  func make<Made: Sendable>(_ make: (inout WorldState) -> Made) -> Made {
    do { return try step { (state, _) throws(Refusal) in make(&state) } } catch {
      preconditionFailure("making a source of events is never refused: \(error)")
    }
  }
}
