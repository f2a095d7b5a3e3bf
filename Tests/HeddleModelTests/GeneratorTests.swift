import Testing

@testable import heddle_replay

@Suite("Made-up worlds")
struct GeneratorTests {
  @Test("the core and the naive model agree on every operation")
  func coreAgrees() async throws {
    let settings = try FuzzSettings()
    let fuzz = Fuzz(reference: { NaiveModel() }, candidate: { CoreSubject() })
    var tally = Tally()
    let finding = try await fuzz.run(seed: settings.seed, operations: settings.operations, tally: &tally)
    if settings.isVerbose { print(tally) }
    if let finding { Issue.record("\(await fuzz.story(of: finding))") }
  }

  @Test("the same seed makes up the same world, another seed another")
  func seedDecides() throws {
    #expect(try world(seed: 7) == world(seed: 7))
    #expect(try world(seed: 7) != world(seed: 8))
  }

  @Test("a made-up world, written and read again, is the same trace")
  func writtenAndRead() throws {
    for seed in 1...5 {
      let lines = try world(seed: UInt64(seed))
      #expect(try TraceFile(text: TraceWriter.text(lines), path: "made-up").lines == lines)
    }
  }

  @Test("everything that the format has occurs in plenty")
  func everythingOccurs() throws {
    var tally = Tally()
    for seed in 1...100 {
      for line in try world(seed: UInt64(seed)) { tally.count(line.operation, line.observation) }
    }
    for word in Tally.words { #expect(tally.counts[word, default: 0] >= 4, "\(word)") }
  }

  /// One world, as the naive model has it.
  private func world(seed: UInt64) throws -> [TraceLine] {
    var generator = Generator(seed: seed)
    let model = NaiveModel()
    return try (0..<Fuzz.worldLength).map { _ in
      let operation = generator.next()
      let observation = try model.perform(operation)
      generator.learn(operation, observation)
      return TraceLine(operation, observation)
    }
  }
}

@Suite("Finding a difference")
struct FuzzTests {
  /// The naive model, but from the first shutdown on every post is said to fail.
  private struct Liar: Subject {
    private let model = NaiveModel()
    private var isLying = false

    mutating func perform(_ operation: Operation) throws -> Observation {
      var observation = try model.perform(operation)
      if case .shutdown = operation { isLying = true }
      if isLying, case .post = operation { observation.result = .failure(.contract) }
      return observation
    }
  }

  private let fuzz = Fuzz(reference: { NaiveModel() }, candidate: { Liar() })

  private func finding() async throws -> Fuzz.Finding {
    var tally = Tally()
    return try #require(try await fuzz.run(seed: 1, operations: 2000, tally: &tally))
  }

  @Test("a planted difference is found, at the operation that shows it")
  func found() async throws {
    let operations = try await finding().operations
    guard case .post = try #require(operations.last) else {
      Issue.record("the last operation is \(operations.last.map { "\($0)" } ?? "none")")
      return
    }
    #expect(operations.contains { if case .shutdown = $0 { true } else { false } })
  }

  @Test("a planted difference is found again from the seed that is printed")
  func foundAgain() async throws {
    let first = try await finding()
    var tally = Tally()
    let again = try await fuzz.run(seed: first.seed, operations: Fuzz.worldLength, tally: &tally)
    #expect(again?.operations == first.operations)
  }

  @Test("shrinking leaves only what the difference needs")
  func shrunk() async throws {
    let operations = await Shrinking(fuzz: fuzz).shrink(try await finding().operations)
    let words = operations.map(\.word)
    #expect(words.last == "post")
    #expect(words.dropLast().filter { $0 == "shutdown" }.count == 1)
    #expect(words.filter { $0 == "semaphore" }.count == 1)
    #expect(words.allSatisfy { ["semaphore", "shutdown", "post", "make-custodian", "new-root"].contains($0) })
  }

  @Test("branches and nacks that the difference does not need are dropped")
  func simplified() async throws {
    let (thread, semaphore) = (ThreadName(1), SemaphoreName(2))
    let branches = [Branch(.mail, nack: NackName(3)), Branch(.semaphore(semaphore), nack: NackName(4)), Branch(.never)]
    let simple = Fuzz(reference: { NaiveModel() }, candidate: { Deaf() })
    let shrunk = await Shrinking(fuzz: simple).shrink([
      .thread(thread, under: .root, suspendToKill: false),
      .semaphore(semaphore, count: 0),
      .command(thread, .sync(branches, enablingBreaks: false)),
      .post(semaphore),
    ])
    #expect(shrunk.contains(.command(thread, .sync([Branch(.semaphore(semaphore))], enablingBreaks: false))))
  }

  /// The naive model, but nothing that an agent reports is heard.
  private struct Deaf: Subject {
    private let model = NaiveModel()

    mutating func perform(_ operation: Operation) throws -> Observation {
      var observation = try model.perform(operation)
      observation.events = []
      return observation
    }
  }

  @Test("the printed story holds a trace that the reference agrees with and the doubted one does not")
  func storyIsReplayable() async throws {
    let story = await fuzz.story(of: try await finding())
    let rows = story.split(separator: "\n").filter { $0.hasPrefix("{\"i\":") }
    let trace = try TraceFile(text: rows.joined(separator: "\n"), path: "story")
    var (model, liar) = (NaiveModel(), Liar())
    #expect(try await replay(trace.lines, against: &model) == nil)
    #expect(try await replay(trace.lines, against: &liar)?.index == trace.lines.count - 1)
  }
}
