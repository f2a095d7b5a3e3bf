internal import HeddleModel

/// Waits for the first of several events and gives its result. Exactly one is taken; of several that are ready, any. The
/// losers keep what they have, and their nacks become ready. Racket: `sync`, `sync/enable-break`.
///
/// A suspended thread takes nothing; after its resume it queues behind others. A killed one withdraws at once.
///
/// - Parameters:
///   - events: looked at from any of them on, so that none is preferred. Of none, the wait ends by an error alone.
///   - enablingBreaks: whether a break is let in while waiting, whatever the thread's setting: then either an event is
///     taken or the break is thrown, never both.
/// - Returns: the result of the event that was taken.
/// - Throws: `CancellationError` when the task is cancelled, `BreakError`, `Killed`; then nothing was taken. What guards,
///   wraps and handlers throw.
@discardableResult
public func sync<Value: Sendable>(_ events: any Event<Value>..., enablingBreaks: Bool = false) async throws -> Value {
  try await sync(choice(events), enablingBreaks: enablingBreaks)
}

/// Waits for an event and gives its result. As `sync(_:enablingBreaks:)` of several, of which it is the only one.
@discardableResult
public func sync<Value: Sendable>(_ event: some Event<Value>, enablingBreaks: Bool = false) async throws -> Value {
  let event = event.erased
  let (world, caller) = World.here
  switch event.node {
  case .leaf(let leaf):
    try await caller?.safePoint()
    let gift = try await world.wait(for: leaf.event, offer: leaf.offer, enablingBreaks: enablingBreaks, in: caller)
    return try await leaf.finish(gift)
  case .leaves(let leaves):
    try await caller?.safePoint()
    let first = world.firstLook(leaves.branches.count)
    let end = try await world.wait(leaves.plan(from: first, enablingBreaks: enablingBreaks), in: caller)
    return try await leaves.finishes[end.branch](end.gift)
  case .choice, .guarded, .nackGuarded:
    var sync = Sync<Value>()
    guard let value = try await sync.wait(for: event, until: .decided, enablingBreaks: enablingBreaks) else {
      preconditionFailure("a wait without a limit ends with an event or an error")
    }
    return value
  }
}

/// As `sync(_:enablingBreaks:)`, but gives nil when `timeout` has passed. Racket: `sync/timeout`.
///
/// - Throws: `ThreadError` with `negativeDuration`, too.
public func sync<Value: Sendable>(
  _ events: any Event<Value>...,
  timeout: Duration,
  enablingBreaks: Bool = false
) async throws -> Value? {
  guard timeout >= .zero else {
    throw ThreadError(.negativeDuration, "events cannot be waited for during \(timeout); give zero or more")
  }
  let limit: SyncLimit = timeout == .zero ? .look : .time(timeout)
  var sync = Sync<Value>()
  return try await sync.wait(for: choice(events), until: limit, enablingBreaks: enablingBreaks)
}

/// Takes the first of several events that is ready now; nil when none is. Racket: `sync/timeout` with 0.
public func poll<Value: Sendable>(_ events: any Event<Value>...) async throws -> Value? {
  var sync = Sync<Value>()
  return try await sync.wait(for: choice(events), until: .look, enablingBreaks: false)
}

/// Whether the wait that begins looks at its events once: a guard of what is elsewhere has to find out first how that is.
package enum Looking {
  @TaskLocal package static var isOn = false
}

/// How long a sync waits.
enum SyncLimit {
  case decided
  case time(Duration)
  /// It looks at each event once.
  case look
}

/// One sync: the events taken apart, and then one wait for all of them.
struct Sync<Value: Sendable> {
  private let world: World
  private let caller: ThreadBody?
  private var plan = WaitPlan()
  /// For each branch.
  private var finishes: [@Sendable (Gift) async throws -> Value] = []

  init() { (world, caller) = World.here }

  /// Waits for `event`; nil when the limit was reached.
  mutating func wait(for event: AnyEvent<Value>, until limit: SyncLimit, enablingBreaks: Bool) async throws -> Value? {
    try await caller?.safePoint()
    do {
      switch limit {
      case .look: try await Looking.$isOn.withValue(true) { try await add(event, under: []) }
      case .decided, .time: try await add(event, under: [])
      }
    } catch {
      // The guards that did run are told that their events were not chosen.
      world.renounce(plan.nacks)
      throw error
    }
    plan.enablesBreaks = enablingBreaks
    plan.finish(limit, clock: world.clock)
    let (branch, gift) = try await world.wait(plan, in: caller)
    return finishes.indices.contains(branch) ? try await finishes[branch](gift) : nil
  }

  private mutating func add(_ event: AnyEvent<Value>, under nacks: [Nack]) async throws {
    switch event.node {
    case .leaf(let leaf):
      plan.append(leaf.event, offer: leaf.offer, nacks: nacks)
      finishes.append(leaf.finish)
    case .leaves(let leaves): for event in fair(leaves.each) { try await add(AnyEvent(.leaf(event)), under: nacks) }
    case .choice(let events): for event in fair(events) { try await add(event, under: nacks) }
    case .guarded(let make): try await add(make(), under: nacks)
    case .nackGuarded(let make):
      let nack = Nack(in: world)
      plan.nacks.append(nack)
      try await add(make(nack.event), under: nacks + [nack])
    }
  }

  /// The same elements, to be looked at from anywhere on.
  private func fair<Element>(_ elements: [Element]) -> ArraySlice<Element> {
    let start = elements.isEmpty ? 0 : world.firstLook(elements.count)
    return elements[start...] + elements[..<start]
  }
}

/// A negative acknowledgement, for as long as somebody may ask.
final class Nack: Sendable {
  let id: NackID
  private let world: World

  init(in world: World) {
    self.world = world
    id = world.make { $0.kernel.makeNack() }
  }

  deinit { world.settle { (state, _) in state.kernel.forget(id) } }

  var event: AnyEvent<Void> { AnyEvent(.nack(id)) { [self] _ in withExtendedLifetime(self) {} } }
}
