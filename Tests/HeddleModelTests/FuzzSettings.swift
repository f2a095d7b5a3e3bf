import Foundation

/// What the environment says about a comparison.
struct FuzzSettings {
  /// `HEDDLE_OPERATIONS`: how many operations in all.
  let operations: Int
  /// `HEDDLE_SEED`: the first world's seed.
  let seed: UInt64
  /// `HEDDLE_VERBOSE=1`: print how often everything occurred.
  let isVerbose: Bool

  /// A variable whose value is no number that fits.
  struct Malformed: Error, CustomStringConvertible {
    let name: String
    let value: String
    var description: String { "\(name)=\(value) is not a whole number that fits" }
  }

  init(environment: [String: String] = ProcessInfo.processInfo.environment) throws(Malformed) {
    operations = try FuzzSettings.number("HEDDLE_OPERATIONS", in: environment) ?? 100_000
    seed = try FuzzSettings.number("HEDDLE_SEED", in: environment) ?? 1
    isVerbose = environment["HEDDLE_VERBOSE"] == "1"
  }

  private static func number<Number: FixedWidthInteger>(
    _ name: String,
    in environment: [String: String]
  ) throws(Malformed) -> Number? {
    guard let value = environment[name] else { return nil }
    guard let number = Number(value) else { throw Malformed(name: name, value: value) }
    return number
  }
}
