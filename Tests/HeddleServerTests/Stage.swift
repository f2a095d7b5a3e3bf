import Foundation
import HeddleServer
import HeddleThreads
import Synchronization

/// Runs a story in a world of its own, with a clock that stands still until the story moves it. What the story leaves
/// running is ended after it.
func inWorld(_ story: @Sendable (Stage) async throws -> Void) async throws {
  let stage = Stage()
  try await World.$outside.withValue(stage.world) {
    do { try await story(stage) } catch {
      try await stage.world.root.shutDown()
      throw error
    }
    try await stage.world.root.shutDown()
  }
}

/// What a story has at hand.
struct Stage: Sendable {
  let clock = Clock.manual
  let world: World
  let log = Log()
  /// The errors that ended threads, and the threads that did not leave.
  let reports: Log

  init() {
    let reports = Log()
    self.reports = reports
    world = World(clock: clock, report: { error, _ in reports.note("\(error)") })
  }

  /// Returns when no thread executes anything and none is about to.
  func settle() async throws { try await sync(systemIdle) }

  /// Moves the clock when all threads wait.
  func advance(by duration: Duration) async throws {
    try await settle()
    clock.advance(by: duration, in: world)
  }
}

/// What was noted so far, in order.
final class Log: Sendable {
  private let lines = Mutex<[String]>([])

  func note(_ line: String) { lines.withLock { $0.append(line) } }

  var all: [String] { lines.withLock(\.self) }
}

/// A number that threads raise.
final class Count: Sendable {
  private let count = Mutex(0)

  func increase(by amount: Int = 1) { count.withLock { $0 += amount } }

  var value: Int { count.withLock(\.self) }
}

/// An error with an identity.
final class Mishap: Error {}

/// Calls `body` with the path of a directory that is removed afterwards, short enough for sockets in it.
func withTemporaryDirectory<Result>(_ body: (String) async throws -> Result) async throws -> Result {
  let path = "/tmp/heddle-server-\(UUID().uuidString.prefix(8))"
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try await body(path)
}

extension InputPort {
  /// The next line as text; nil at the end.
  func line() async throws -> String? { try await readLine().map { String(decoding: $0, as: UTF8.self) } }

  /// All that comes until the end.
  func text() async throws -> String {
    var bytes: [UInt8] = []
    while let more = try await read() { bytes += more }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension [UInt8] {
  var text: String { String(decoding: self, as: UTF8.self) }
}
