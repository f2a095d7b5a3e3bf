import Synchronization
import Testing

@testable import HeddleThreads

/// Runs a story in a world of its own, with a clock that stands still until the story moves it.
func inWorld(on carriers: Carriers = .shared, _ story: @Sendable (Stage) async throws -> Void) async throws {
  let stage = Stage(carriers)
  try await World.$outside.withValue(stage.world) { try await story(stage) }
}

/// What a story has at hand.
struct Stage: Sendable {
  let clock = Clock.manual
  let world: World
  let log = Log()
  /// The errors that ended threads, and the threads that did not leave.
  let reports: Log

  init(_ carriers: Carriers) {
    let reports = Log()
    self.reports = reports
    world = World(
      clock: clock,
      carriers: carriers,
      report: { error, thread in
        reports.note((error as? ThreadError)?.code.rawValue ?? "\(error)")
        // What a story does not expect is seen where it would be seen without the story.
        if !(error is ThreadError) { UncaughtErrors.report(error, in: thread) }
      }
    )
  }

  /// Returns when no thread executes anything and none is about to.
  func settle() async throws { try await sync(systemIdle) }

  func advance(by duration: Duration) { clock.advance(by: duration, in: world) }
}

/// What was noted so far, in order.
final class Log: Sendable {
  private let lines = Mutex<[String]>([])

  func note(_ line: String) { lines.withLock { $0.append(line) } }

  var all: [String] { lines.withLock(\.self) }
}

/// An error with an identity.
final class Mishap: Error {}

/// A thread that waits for ever under `custodian`.
func idler(
  under custodian: Custodian = Custodian.current.value,
  suspendsOnKill: Bool = false
) async throws -> LocalThread {
  try await Custodian.current.withValue(custodian) {
    try await LocalThread(suspendsOnKill: suspendsOnKill) { try await sync(never(Void.self)) }
  }
}

extension Carriers {
  /// Two of their own, on however many processors: what they execute really overlaps.
  static var pair: Carriers { Carriers(count: 2) }
}
