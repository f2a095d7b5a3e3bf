import heddle_replay

/// Two implementations of the model, to be compared in worlds made up from seeds.
struct Fuzz {
  /// How many operations one world lives for.
  static let worldLength = 200

  /// Makes the implementation that is believed, at the start of a world.
  let reference: () -> any Subject
  /// Makes the one that is doubted.
  let candidate: () -> any Subject

  /// A world in which the two differ.
  struct Finding {
    /// The world's seed: a run of one world from this seed shows the same again.
    let seed: UInt64
    /// The operations up to the difference.
    let operations: [Operation]
  }

  /// Compares in one world after the other, from the seeds `seed`, `seed + 1` and so on.
  ///
  /// - Parameter operations: how many in all; the last world may be shorter than the others.
  /// - Returns: the first world in which they differ.
  func run(seed: UInt64, operations: Int, tally: inout Tally) async throws -> Finding? {
    var left = operations
    var worldSeed = seed
    while left > 0 {
      let length = min(left, Fuzz.worldLength)
      if let finding = try await runWorld(seed: worldSeed, length: length, tally: &tally) { return finding }
      left -= length
      worldSeed &+= 1
    }
    return nil
  }

  private func runWorld(seed: UInt64, length: Int, tally: inout Tally) async throws -> Finding? {
    var generator = Generator(seed: seed)
    var (believed, doubted) = (reference(), candidate())
    var operations: [Operation] = []
    for _ in 0..<length {
      let operation = generator.next()
      operations.append(operation)
      let expected = try await believed.perform(operation)
      tally.count(operation, expected)
      generator.learn(operation, expected)
      guard let observed = try? await doubted.perform(operation), observed == expected else {
        return Finding(seed: seed, operations: operations)
      }
    }
    return nil
  }

  /// The shortest beginning of `operations` that shows a difference, as a trace of what the reference shows.
  ///
  /// - Returns: nil when the two agree, or when the operations belong to no trace.
  func differingPrefix(of operations: [Operation]) async -> [TraceLine]? {
    var (believed, doubted) = (reference(), candidate())
    var lines: [TraceLine] = []
    for operation in operations {
      guard let expected = try? await believed.perform(operation) else { return nil }
      lines.append(TraceLine(operation, expected))
      guard let observed = try? await doubted.perform(operation), observed == expected else { return lines }
    }
    return nil
  }

  /// What to print about a finding: the seed, the difference, and the shrunk trace, which can be replayed.
  func story(of finding: Finding) async -> String {
    let operations = await Shrinking(fuzz: self).shrink(finding.operations)
    guard let lines = await differingPrefix(of: operations) else {
      return "seed \(finding.seed): a difference after \(finding.operations.count) operations that did not show again"
    }
    return """
      seed \(finding.seed): a difference after \(finding.operations.count) operations, shrunk to \(lines.count)
      \(await difference(lines))
      the trace, as the reference has it:
      \(TraceWriter.text(lines))
      """
  }

  private func difference(_ lines: [TraceLine]) async -> String {
    var doubted = candidate()
    do { return try await replay(lines, against: &doubted).map { "\($0)" } ?? "  none" } catch {
      return "  the doubted one broke: \(error.cause)"
    }
  }
}
