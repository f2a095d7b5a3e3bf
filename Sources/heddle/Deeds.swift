internal import ArgumentParser
internal import HeddleClient
internal import HeddleWire

/// The same done to several threads.
struct Deeds {
  let supervisor: Supervisor
  let options: CommonOptions

  private var output: OutputOptions { options.output }

  /// Does it to all of the threads at once; with --json they are printed then, as they are.
  ///
  /// - Parameter remark: what is worth a sentence to people.
  /// - Throws: `ExitCode`, the first failure's, when each failure was told; a single thread's failure as it is.
  func perform<Outcome: Sendable>(
    on threads: [ThreadInfo],
    _ deed: @escaping @Sendable (ThreadInfo) async throws -> Outcome,
    remark: (ThreadInfo, Outcome) -> String? = { thread, _ in thread.state == .dead ? "\(thread.label) is dead" : nil }
  ) async throws {
    let results = await results(threads, deed)
    let failures = results.compactMap { if case .failure(let error) = $0 { error } else { nil } }
    if threads.count == 1, let failure = failures.first { throw failure }
    for (thread, result) in zip(threads, results) {
      if case .success(let outcome) = result, !output.quiet, let sentence = remark(thread, outcome) {
        Output.complain(sentence)
      }
    }
    if output.json, !output.quiet { try await printAsJSON(threads) }
    // Somebody has stopped this process.
    if let code = failures.first(where: { $0 is ExitCode }) { throw code }
    let told = failures.map { Failure(any: $0, at: options.place.location) }
    for failure in told { Output.complain(failure.sentence) }
    if let first = told.first { throw ExitCode(first.status.rawValue) }
  }

  private func results<Outcome: Sendable>(
    _ threads: [ThreadInfo],
    _ deed: @escaping @Sendable (ThreadInfo) async throws -> Outcome
  ) async -> [Result<Outcome, any Error>] {
    await withTaskGroup { group in
      for (index, thread) in threads.enumerated() {
        group.addTask {
          do { return (index, Result<Outcome, any Error>.success(try await deed(thread))) } catch {
            return (index, .failure(error))
          }
        }
      }
      var results = [Result<Outcome, any Error>?](repeating: nil, count: threads.count)
      for await (index, result) in group { results[index] = result }
      return results.compactMap(\.self)
    }
  }

  /// The threads as they are now; those that are forgotten by now, as they were.
  private func printAsJSON(_ threads: [ThreadInfo]) async throws {
    var after: [ThreadInfo] = []
    for thread in threads { after.append((try? await supervisor.find(.id(thread.id))) ?? thread) }
    Output.write(WireJSON.text(after) + "\n")
  }
}
