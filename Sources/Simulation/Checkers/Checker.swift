internal import HeddleModel

/// Something that has to hold in every simulation.
protocol Checker {
  /// Without spaces.
  static var name: String { get }
  /// What is wrong, once something is.
  var violation: String? { get }
  mutating func see(_ sighting: Sighting, at now: Instant)
}

/// All of them.
struct Checkers {
  private var all: [any Checker] = [
    DeadStaysDead(), DeathIsTold(), NothingSurvivesTombstone(), OrderedOnce(), OneHolder(), Convergence(),
  ]

  mutating func see(_ sighting: Sighting, at now: Instant) {
    for index in all.indices { all[index].see(sighting, at: now) }
  }

  /// What each one found that found something.
  var violations: [String] {
    all.compactMap { checker in checker.violation.map { "\(type(of: checker).name): \($0)" } }
  }
}
