// A search in several ways at once, within a budget: each way is a coroutine, and gets slices of time in turn until one has
// the answer. The ways know nothing of slices; they compute, and are stopped and continued where they are. When there is an
// answer, or the budget is used up, what has not ended is killed in the midst of its work.

import HeddleThreads

struct Search: Sendable {
  let name: String
  let coroutine: Coroutine<UInt64>
}

struct Answer: Sendable {
  let value: UInt64
  let search: String
}

/// Gives each of `searches` a slice in turn, at most so many times. None of them goes on after the return.
///
/// - Returns: the first answer; nil when the budget was used up.
func firstAnswer(of searches: [Search], slice: Duration, rounds: Int) async throws -> Answer? {
  var answer: Answer?
  for round in 1...rounds where answer == nil {
    for search in searches where answer == nil {
      guard try await search.coroutine.run(for: slice), let value = search.coroutine.result else { continue }
      answer = Answer(value: value, search: search.name)
      print("  an answer in round \(round)")
    }
  }
  for search in searches where search.name != answer?.search {
    try await search.coroutine.kill()
    print("  \(search.name) was killed")
  }
  return answer
}

func factor(_ number: UInt64, rounds: Int) async throws {
  print("a factor of \(number), in at most \(rounds) rounds:")
  let searches = [
    Search(name: "trial division", coroutine: try await Coroutine { _ in try await trialDivision(of: number) }),
    Search(name: "Fermat", coroutine: try await Coroutine { _ in try await differenceOfSquares(of: number) }),
    Search(name: "Pollard", coroutine: try await Coroutine { _ in try await rho(of: number) }),
  ]
  if let answer = try await firstAnswer(of: searches, slice: .milliseconds(2), rounds: rounds) {
    print("  \(answer.search) found \(number) = \(answer.value) * \(number / answer.value)")
  } else {
    print("  none within the budget")
  }
}

await LocalThread.runMain {
  try await factor(1_000_000_007 * 2_147_483_647, rounds: 2_000)
  try await factor(1_500_000_001 * 1_510_000_003, rounds: 2_000)
  // A prime.
  try await factor(4_611_686_018_427_387_847, rounds: 10)
}
