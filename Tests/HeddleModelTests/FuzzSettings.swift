import Foundation

/// What the environment says about a comparison.
struct FuzzSettings {
  /// `HEDDLE_OPERATIONS`: how many operations in all.
  let operations: Int
  /// `HEDDLE_SEED`: the first world's seed.
  let seed: UInt64
  /// `HEDDLE_VERBOSE=1`: print how often everything occurred.
  let isVerbose: Bool

  init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    operations = environment["HEDDLE_OPERATIONS"].flatMap { Int($0) } ?? 100_000
    seed = environment["HEDDLE_SEED"].flatMap { UInt64($0) } ?? 1
    isVerbose = environment["HEDDLE_VERBOSE"] == "1"
  }
}
