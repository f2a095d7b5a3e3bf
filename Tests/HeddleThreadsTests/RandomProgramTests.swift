import Synchronization
import Testing

@testable import HeddleThreads

@Suite("random programs on two carriers", .timeLimit(.minutes(5)))
struct RandomProgramTests {
  @Test("each sync takes exactly one event; nothing is lost, nothing is doubled, and nobody waits for what is there")
  func exact() async throws {
    let (first, carriers) = (Chance.seed(), Carriers.pair)
    for seed in first..<first + 100 {
      try await inWorld(on: carriers) { stage in
        let program = RandomProgram(seed: seed)
        try await program.run()
        try await stage.settle()
        let findings = try await program.findings()
        #expect(findings.isEmpty, "seed \(seed)")
        try await program.end()
        #expect(Remains(of: stage.world).waits == 0, "seed \(seed)")
      }
    }
  }
}

/// Threads that wait for choices from the same few semaphores and channels, while one of them suspends and resumes the
/// others; and the books about what each sync began with and gave.
private final class RandomProgram: Sendable {
  /// What a branch waits for.
  enum Source: Hashable {
    case semaphore(Int)
    case peek(Int)
    case put(Int, value: Int)
    case get(Int)
    case never
  }

  /// One sync: a wait for the first of several sources.
  struct Entry {
    let thread: Int
    let sources: [Source]
    /// Whether it looks once and does not wait.
    let isPoll: Bool
    var end = End.waiting
  }

  enum End: Equatable {
    case waiting
    /// What was chosen, and what a get gave.
    case chosen(branch: Int, value: Int?)
    case tooEarly
  }

  private struct Books {
    var entries: [Entry] = []
    var posts: [UInt64]
  }

  private static let threadsMax = 8
  private static let syncsMax = 40

  private let books: Mutex<Books>
  private let semaphores: [Semaphore]
  private let channels: [Channel<Int>]
  private let random: Mutex<SplitMix64>
  private let threads = Mutex<[LocalThread]>([])

  init(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let counts = (0..<1 + random.below(2)).map { _ in UInt64(random.below(3)) }
    semaphores = counts.map { Semaphore($0) }
    channels = (0..<1 + random.below(3)).map { _ in Channel() }
    books = Mutex(Books(posts: counts))
    self.random = Mutex(random)
  }

  // MARK: - Running

  func run() async throws {
    let threadCount = 2 + random.withLock { $0.below(Self.threadsMax - 1) }
    for number in 0..<threadCount {
      let random = random.withLock { $0.fork() }
      let thread = try await LocalThread { [self] in try await act(as: number, random) }
      threads.withLock { $0.append(thread) }
    }
    try await disturb()
  }

  /// Suspends and resumes them; in the end all run.
  private func disturb() async throws {
    let threads = threads.withLock(\.self)
    var random = random.withLock { $0.fork() }
    for _ in 0..<40 {
      let thread = random.pick(threads)
      if random.chance(50) { try await thread.suspend() } else { try await thread.resume() }
    }
    for thread in threads { try await thread.resume() }
  }

  private func act(as thread: Int, _ random: SplitMix64) async throws {
    var random = random
    for _ in 0..<random.below(Self.syncsMax) {
      if random.chance(30) { try await post(random.below(semaphores.count)) }
      let entry = Entry(thread: thread, sources: sources(&random), isPoll: random.chance(20))
      let (number, entryWithValues) = begin(entry)
      let branches = choice(entryWithValues.sources.enumerated().map { event($1, at: $0) })
      let chosen = entry.isPoll ? try await poll(branches) : try await sync(branches)
      let end = chosen.map { End.chosen(branch: $0.branch, value: $0.value) } ?? .tooEarly
      books.withLock { $0.entries[number].end = end }
    }
  }

  private func post(_ number: Int) async throws {
    try await semaphores[number].post()
    books.withLock { $0.posts[number] += 1 }
  }

  private func sources(_ random: inout SplitMix64) -> [Source] {
    (0...random.below(4)).map { _ in
      switch random.below(10) {
      case 0..<2: .semaphore(random.below(semaphores.count))
      case 2: .peek(random.below(semaphores.count))
      case 3..<6: .put(random.below(channels.count), value: 0)
      case 6..<9: .get(random.below(channels.count))
      default: .never
      }
    }
  }

  /// Enters a sync into the books; each put gets a value of its own.
  private func begin(_ entry: Entry) -> (number: Int, Entry) {
    books.withLock { books in
      let number = books.entries.count
      let sources = entry.sources.enumerated().map { branch, source in
        if case .put(let channel, _) = source { Source.put(channel, value: number * 10 + branch) } else { source }
      }
      let numbered = Entry(thread: entry.thread, sources: sources, isPoll: entry.isPoll)
      books.entries.append(numbered)
      return (number, numbered)
    }
  }

  private func event(_ source: Source, at branch: Int) -> AnyEvent<(branch: Int, value: Int?)> {
    switch source {
    case .semaphore(let number): semaphores[number].wrap { _ in (branch, nil) }
    case .peek(let number): semaphores[number].peek.wrap { _ in (branch, nil) }
    case .put(let number, let value): channels[number].putting(value).wrap { (branch, nil) }
    case .get(let number): channels[number].getting.wrap { (branch, $0) }
    case .never: never()
    }
  }

  // MARK: - Checking

  /// What the books say against the model, once nothing moves any more.
  func findings() async throws -> [String] {
    let books = books.withLock(\.self)
    let taken = books.entries.compactMap { entry -> (source: Source, value: Int?)? in
      if case .chosen(let branch, let value) = entry.end { (entry.sources[branch], value) } else { nil }
    }
    var findings: [String] = []
    for channel in channels.indices {
      let put = taken.compactMap { if case .put(channel, let value) = $0.source { value } else { nil } }
      let got = taken.compactMap { if $0.source == .get(channel) { $0.value } else { nil } }
      if put.sorted() != got.sorted() { findings.append("channel \(channel): put \(put), got \(got)") }
    }
    var counts: [UInt64] = []
    for (number, semaphore) in semaphores.enumerated() {
      counts.append(try await semaphore.drain())
      let waits = UInt64(taken.count { $0.source == .semaphore(number) })
      if books.posts[number] != waits + counts[number] {
        findings.append("semaphore \(number): \(books.posts[number]) posts, \(waits) waits, \(counts[number]) left")
      }
    }
    return findings + missed(by: books.entries.filter { $0.end == .waiting }, counts)
  }

  /// What those that wait could have taken.
  private func missed(by waiting: [Entry], _ counts: [UInt64]) -> [String] {
    waiting.flatMap { entry in
      entry.sources.compactMap { source in
        let isThere =
          switch source {
          case .semaphore(let number), .peek(let number): counts[number] > 0
          case .get(let channel): waiting.contains { $0.thread != entry.thread && $0.puts(into: channel) }
          case .put, .never: false
          }
        return isThere ? "thread \(entry.thread) waits for \(source), which is there" : nil
      }
    }
  }

  /// Those that wait for what never comes are killed.
  func end() async throws {
    for thread in threads.withLock(\.self) { try await thread.kill() }
  }
}

extension RandomProgram.Entry {
  fileprivate func puts(into channel: Int) -> Bool {
    sources.contains { if case .put(channel, _) = $0 { true } else { false } }
  }
}

extension Semaphore {
  /// Takes all that is left; says how many.
  func drain() async throws -> UInt64 {
    var count: UInt64 = 0
    while try await tryWait() { count += 1 }
    return count
  }
}
