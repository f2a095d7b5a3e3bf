import Glibc
import Testing

@testable import heddle_bench

@Suite("figures, as the benchmark prints them")
struct FigureTests {
  @Test("a figure is one line of JSON, with the median of what was taken, in its unit")
  func json() throws {
    let figure = try Figure("spawn.1000.each", unit: .milliseconds, samples: [3_000_000, 1_000_000, 1_500_000])
    #expect(
      figure.json == """
        {"name": "spawn.1000.each", "unit": "ms", "median": 1.5, "min": 1.0, "max": 3.0, "limit": null, "ratio": null}
        """
    )
  }

  @Test("a figure with a goal says whether its median is so")
  func goal() throws {
    var figure = Figure("cluster.death", unit: .microseconds, samples: [1_500_000, 1_000_000], limitSamples: [500_000])
    figure.goal = .atMost(2_000)
    #expect(figure.json.hasSuffix(#""limit": 500.0, "ratio": 3.0, "goal": "<= 2000.0", "met": true}"#))
    figure.goal = .ratioAtMost(1.6)
    #expect(figure.json.hasSuffix(#""goal": "ratio <= 1.6", "met": false}"#))
    figure.goal = .atLeast(1_500)
    #expect(figure.goal?.isMet(by: figure) == true)
    let alone = Figure("cluster.death", unit: .microseconds, samples: [1], limitSamples: [])
    #expect(!Goal.ratioAtMost(1.6).isMet(by: alone))
  }

  @Test("a figure and its limit are taken in turn, and the first of each does not count")
  func turns() async throws {
    var (taken, values): ([String], [Double]) = ([], [])
    let figure = try await Figure("serve", unit: .nanoseconds, runs: 3) {
      taken.append("limit")
      return Double(taken.count)
    } measure: {
      taken.append("figure")
      values.append(Double(taken.count))
      return Double(taken.count)
    }
    #expect(taken == Array(repeating: ["figure", "limit"], count: 4).flatMap(\.self))
    #expect([figure.min, figure.median, figure.max] == Array(values.dropFirst()))
    #expect(figure.limit == 6)
  }

  @Test("a limit is found by its name among what a program prints; the last line counts")
  func limit() {
    let output = "warming up\nRESULT us=9.5\nRESULT ms_per_entity=0.1400 kill_ms=24.125\n"
    #expect(Limit.figure("kill_ms", in: output) == 24.125)
    #expect(Limit.figure("ms_per_entity", in: output) == 0.14)
    #expect(Limit.figure("us", in: output) == nil)
    #expect(Limit.figure("kill_ms", in: "no result") == nil)
  }

  @Test("a limit can be called by the words before it")
  func limitInWords() {
    let output =
      "suspend each us 55.0\nresume each us 34.4\nsub ready each ms 0.556  all empty ms 102.1  wardens gone ms 114.2\n"
    #expect(Limit.figure("suspend each us", in: output) == 55)
    #expect(Limit.figure("all empty ms", in: output) == 102.1)
    #expect(Limit.figure("gone ms", in: output) == 114.2)
    #expect(Limit.figure("freeze us each", in: output) == nil)
  }

  @Test("a process's time on a processor grows with what it does")
  func processorTime() throws {
    let before = try #require(ProcessMemory.processorTime(of: getpid()))
    var (sum, after) = (0, before)
    while after == before {
      for number in 0..<1_000_000 { sum &+= number }
      after = try #require(ProcessMemory.processorTime(of: getpid()))
    }
    #expect(after > before && sum != 1)
    #expect(ProcessMemory.processorTime(of: 0) == nil)
  }
}
