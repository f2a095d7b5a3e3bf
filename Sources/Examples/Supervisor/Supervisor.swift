import HeddleThreads

/// Keeps child threads alive: each that dies is started again after a pause that grows with each of its deaths, until
/// more than so many have died within a window of time. Then all end.
struct Supervisor {
  struct Limits {
    /// The pause after a child's first death; doubled at each further one.
    var firstPause: Duration
    /// The most deaths within `window`.
    var deathsMax: Int
    var window: Duration
  }

  private struct Child {
    let name: String
    let body: @Sendable () async throws -> Void
    var state: State
    var deaths = 0

    enum State {
      case living(LocalThread)
      case pausing(until: ContinuousClock.Instant)
    }
  }

  private enum Happening: Sendable {
    case died(child: Int)
    case paused(child: Int)
  }

  /// More children died than the limits allow.
  struct TooManyDeaths: Error, CustomStringConvertible {
    let deaths: Int
    let window: Duration
    var description: String { "\(deaths) deaths within \(window)" }
  }

  private let limits: Limits
  /// Manages the children, and what they create.
  private let custodian: Custodian
  private var children: [Child] = []
  /// When children died, within the window.
  private var deaths: [ContinuousClock.Instant] = []

  init(limits: Limits) async throws {
    self.limits = limits
    custodian = try await Custodian()
  }

  mutating func add(_ name: String, _ body: @escaping @Sendable () async throws -> Void) async throws {
    children.append(Child(name: name, body: body, state: .living(try await start(body))))
  }

  /// Looks after the children.
  ///
  /// - Throws: `TooManyDeaths`; no child is left then.
  mutating func run() async throws {
    do {
      while true {
        switch try await sync(choice(children.indices.map(next))) {
        case .died(let child): try mourn(child)
        case .paused(let child): try await restart(child)
        }
      }
    } catch {
      try await custodian.shutDown()
      throw error
    }
  }

  /// How many children are alive.
  func livingChildren() async throws -> Int { try await custodian.managed().threads.count }

  /// What is to be waited for on account of one child.
  private func next(_ number: Int) -> AnyEvent<Happening> {
    switch children[number].state {
    case .living(let thread): thread.death.wrap { _ in .died(child: number) }
    case .pausing(let end): after(ContinuousClock.now.duration(to: end)).wrap { .paused(child: number) }
    }
  }

  private mutating func mourn(_ number: Int) throws {
    let now = ContinuousClock.now
    deaths = deaths.filter { $0.duration(to: now) < limits.window } + [now]
    guard deaths.count <= limits.deathsMax else { throw TooManyDeaths(deaths: deaths.count, window: limits.window) }
    let pause = limits.firstPause * (1 << children[number].deaths)
    children[number].deaths += 1
    children[number].state = .pausing(until: now + pause)
    print("supervisor: \(children[number].name) is dead; again in \(pause)")
  }

  private mutating func restart(_ number: Int) async throws {
    children[number].state = .living(try await start(children[number].body))
  }

  private func start(_ body: @escaping @Sendable () async throws -> Void) async throws -> LocalThread {
    try await Custodian.current.withValue(custodian) { try await LocalThread(body) }
  }
}
