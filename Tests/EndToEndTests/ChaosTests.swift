import Foundation
import Testing

/// What the environment asks of the tests of random trees; `scripts/chaos` sets it.
private enum ChaosSettings {
  /// `HEDDLE_TREES`: how many trees in all.
  static let trees = number("HEDDLE_TREES") ?? 200
  /// `HEDDLE_SEED`: the first round's seed; the next has one more, and so on.
  static let seed = UInt64(number("HEDDLE_SEED") ?? 1)
  /// `HEDDLE_VERBOSE=1`: say how far it is.
  static let isVerbose = ProcessInfo.processInfo.environment["HEDDLE_VERBOSE"] == "1"

  static let roundsOfEachRung = max(1, (trees - 1) / (ChaosRound.treesCount * Rung.allCases.count) + 1)

  private static func number(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap { Int($0) } }
}

extension Promises {
  @Suite("made-up trees, ended in made-up ways", .timeLimit(.minutes(5 + ChaosSettings.trees / 200)))
  struct ChaosTests {
    @Test(
      "of no tree anything is left, whoever ends it, and no death is told before that is so",
      arguments: Rung.allCases
    )
    func chaos(rung: Rung) async throws {
      do {
        _ = try DaemonProcess(containment: rung.rawValue).end(SIGKILL)
      } catch {
        try Test.cancel("this machine has not the rung \(rung)")
      }
      for round in 0..<ChaosSettings.roundsOfEachRung {
        let seed = ChaosSettings.seed &+ UInt64(round)
        do {
          let faults = try await within(.seconds(60)) { try await ChaosRound(rung: rung, seed: seed).run() }
          #expect(faults.isEmpty, "\(faults.joined(separator: "\n"))")
        } catch {
          Issue.record("seed \(seed) on \(rung): \(error)")
        }
        tell(rung, round + 1)
      }
    }

    private func tell(_ rung: Rung, _ rounds: Int) {
      guard ChaosSettings.isVerbose, rounds % 20 == 0 || rounds == ChaosSettings.roundsOfEachRung else { return }
      let line =
        "\(rung): \(rounds * ChaosRound.treesCount) trees, up to seed \(ChaosSettings.seed &+ UInt64(rounds) - 1)\n"
      FileHandle.standardError.write(Data(line.utf8))
    }
  }
}

/// What a body gives, unless it takes too long: then it is cancelled, and this throws.
func within<Value: Sendable>(
  _ patience: Duration,
  _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  try await withThrowingTaskGroup(of: Value.self) { group in
    group.addTask { try await body() }
    group.addTask {
      try await Task.sleep(for: patience)
      throw TookTooLong(patience: patience)
    }
    defer { group.cancelAll() }
    guard let value = try await group.next() else { throw TookTooLong(patience: patience) }
    return value
  }
}

/// Something did not come to its end.
struct TookTooLong: Error, CustomStringConvertible {
  let patience: Duration
  var description: String { "it took longer than \(patience)" }
}
