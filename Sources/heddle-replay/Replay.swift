/// Where an implementation first shows something else than a trace expects.
package struct Difference: Equatable, Sendable {
  /// The line's place in the trace, from 0.
  package let index: Int
  package let operation: Operation
  package let expected: Observation
  package let observed: Observation
}

/// Runs `lines` against `subject`, which stands at the start of a world.
///
/// - Returns: the first difference; nil when every line agrees.
/// - Throws: `ReplayError`, with the line at which the subject threw.
package func replay(_ lines: [TraceLine], against subject: inout some Subject) async throws(ReplayError) -> Difference?
{
  for (index, line) in lines.enumerated() {
    let observed: Observation
    do { observed = try await subject.perform(line.operation) } catch { throw ReplayError(index: index, cause: error) }
    if observed != line.observation {
      return Difference(index: index, operation: line.operation, expected: line.observation, observed: observed)
    }
  }
  return nil
}

/// An operation that a subject could not perform.
package struct ReplayError: Error {
  /// The operation's place in the trace, from 0.
  package let index: Int
  /// `NameError` when it belongs to no trace; else the subject broke.
  package let cause: any Error
}

extension Difference: CustomStringConvertible {
  /// The operation, and then each part that differs, expected above observed; indented lines, without a newline at the end.
  package var description: String {
    var rows = ["operation  {\(operation.json)}"]
    rows += Self.rows("result", expected.result.json, observed.result.json)
    rows += Self.rows("events", TraceWriter.json(expected.events), TraceWriter.json(observed.events))
    rows += Self.rows(
      "states",
      TraceWriter.json(expected.states.filter { observed.states[$0.key] != $0.value }),
      TraceWriter.json(observed.states.filter { expected.states[$0.key] != $0.value })
    )
    rows += Self.rows("down", TraceWriter.json(expected.down), TraceWriter.json(observed.down))
    return rows.map { "  \($0)" }.joined(separator: "\n")
  }

  private static func rows(_ part: String, _ expected: String, _ observed: String) -> [String] {
    guard expected != observed else { return [] }
    return ["\(part): expected  \(expected)", "\(part): observed  \(observed)"]
  }
}
