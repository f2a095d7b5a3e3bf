// A pipeline of consumer threads: each stage applies one function to one thing after the other, and calls the next stage.
// All stages are made under one custodian, and the caller waits for the result and for the death of any stage in one choice.
// A stage that fails ends alone; then the custodian's shutdown ends the others, and whatever they were about.

import HeddleThreads
import Synchronization

struct Reading: Sendable {
  struct Malformed: Error, CustomStringConvertible {
    let line: String
    var description: String { "\"\(line)\" is no reading" }
  }

  let city: String
  let fahrenheit: Double

  init(line: String) throws {
    let words = line.split(separator: " ")
    guard words.count == 2, let value = Double(words[1]) else { throw Malformed(line: line) }
    (city, fahrenheit) = (String(words[0]), value)
  }
}

enum Outcome: Sendable {
  /// By city, in degrees Celsius.
  case highest([String: Double])
  case failed(stage: String)
}

/// Finds the highest temperature of each city. The stages are made under the current custodian.
func highest(of lines: [String]) async throws -> Outcome {
  let result = Channel<[String: Double]>()
  let highest = Mutex<[String: Double]>([:])

  // From the last stage to the first. nil is the end, which passes through all of them behind everything else.
  let collect = try await ConsumerThread { (city: String?, celsius: Double) in
    guard let city else { return try await result.put(highest.withLock(\.self)) }
    highest.withLock { $0[city] = max($0[city] ?? celsius, celsius) }
  }
  let convert = try await ConsumerThread { (reading: Reading?) in
    try await collect(reading?.city, reading.map { ($0.fahrenheit - 32) / 1.8 } ?? 0)
  }
  let parse = try await ConsumerThread { (line: String?) in
    try await convert(line.map { line in try Reading(line: line) })
  }

  for line in lines { try await parse(line) }
  try await parse(nil)
  return try await sync(
    result.getting.wrap { .highest($0) },
    parse.thread.death.wrap { _ in .failed(stage: "parse") },
    convert.thread.death.wrap { _ in .failed(stage: "convert") },
    collect.thread.death.wrap { _ in .failed(stage: "collect") }
  )
}

func show(_ lines: [String]) async throws {
  let job = try await Custodian()
  let outcome = try await Custodian.current.withValue(job) { try await highest(of: lines) }
  let living = try await job.managed().threads.count
  try await job.shutDown()
  switch outcome {
  case .highest(let highest):
    for (city, celsius) in highest.sorted(by: { $0.key < $1.key }) { print("\(city): \(celsius.rounded()) degrees") }
  case .failed(let stage): print("the stage \"\(stage)\" died")
  }
  print("\(living) stages were left, and are closed")
}

LocalThread.setUncaughtErrorHandler { error, thread in print("\(thread) ended: \(error)") }

await LocalThread.runMain {
  try await show(["Oslo 41", "Lima 77", "Oslo 50", "Perth 86", "Lima 68"])
  try await show(["Oslo 41", "Lima warm", "Perth 86"])
}
