import Cluster
import Daemon
import Foundation
import Glibc
import HeddleLoop
import Testing

/// A journal's file on a loop, and what it tells.
actor JournalHost {
  enum News: Equatable {
    case synced(Int)
    case failed(String)
    case finished

    var failure: String? { if case .failed(let sentence) = self { sentence } else { nil } }
  }

  nonisolated let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }
  private let directory: String
  private let tell: AsyncStream<News>.Continuation
  private var journal: JournalFile?
  /// Whether the end is asked for from within what is told next.
  private var isEndDue = false
  /// All that was told, in order.
  private(set) var told: [News] = []

  private init(_ directory: String, on loop: EventLoop, tell: AsyncStream<News>.Continuation) {
    self.directory = directory
    self.loop = loop
    self.tell = tell
  }

  /// Opens the journal in `directory`, on a loop that is stopped afterwards.
  static func play<Result>(
    in directory: String,
    _ body: (JournalHost, [JournalRecord], inout AsyncStream<News>.Iterator) async throws -> Result
  ) async throws -> Result {
    let loop = try EventLoop.start()
    defer { loop.stop() }
    let (news, tell) = AsyncStream<News>.makeStream()
    var iterator = news.makeAsyncIterator()
    let host = JournalHost(directory, on: loop, tell: tell)
    let records = try await host.open()
    let result = try await body(host, records, &iterator)
    await host.finish()
    for await told in news where told == .finished { break }
    return result
  }

  /// What the journal in `directory` says.
  static func records(in directory: String) async throws -> [JournalRecord] {
    try await play(in: directory) { _, records, _ in records }
  }

  /// Writes all to the journal in `directory`, and gives what was told meanwhile.
  @discardableResult
  static func append(_ records: [JournalRecord], in directory: String) async throws -> [News] {
    try await play(in: directory) { host, _, news in
      await host.append(records)
      while case .synced(let count) = await news.next(), count < records.count {}
      return await host.told
    }
  }

  private func open() throws -> [JournalRecord] {
    let (records, journal) = try JournalFile.open(directory: directory, on: loop) { [self] count in
      note(.synced(count))
    } onFailed: { [self] sentence in
      note(.failed(sentence))
    }
    self.journal = journal
    return records
  }

  private func note(_ news: News) {
    loop.preconditionOnLoop()
    told.append(news)
    tell.yield(news)
    guard isEndDue else { return }
    isEndDue = false
    finish()
  }

  func append(_ records: [JournalRecord]) { journal?.append(records) }

  /// Asks for each by itself, in one turn of the loop.
  func appendEach(_ records: [JournalRecord]) { for record in records { journal?.append([record]) } }

  func replace(with snapshot: RegistrarSnapshot) { journal?.replace(with: snapshot) }

  /// Asks for `before`, then for the snapshot, then for `after`, in one turn of the loop.
  func append(_ before: [JournalRecord], replacing snapshot: RegistrarSnapshot, _ after: [JournalRecord]) {
    append(before)
    replace(with: snapshot)
    append(after)
  }

  func finish() { journal?.finish { [self] in note(.finished) } }

  /// Asks for each by itself, in one turn of the loop, and for the end: at once, or as soon as the first batch is told.
  func finish(behind records: [JournalRecord], whenTold: Bool) {
    appendEach(records)
    if whenTold { isEndDue = true } else { finish() }
  }
}

/// Calls `body` with the path of a directory that is not there yet, and that is removed afterwards.
func withJournalDirectory<Result>(_ body: (String) async throws -> Result) async throws -> Result {
  let path = "/tmp/heddle-journal-\(UUID().uuidString.prefix(8))"
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try await body(path)
}

extension JournalRecord {
  /// A small record like no other of another number.
  static func numbered(_ number: Int) -> JournalRecord { .granted(LeaseID(rawValue: UInt64(number)), ttl: .seconds(6)) }

  /// A record of a bit more than `bytes` bytes.
  static func long(_ bytes: Int) -> JournalRecord {
    .committed(
      [.put(CoordinatorKey("k"), String(repeating: "v", count: bytes), lease: nil)],
      Revision(rawValue: 1)
    )
  }
}

extension RegistrarSnapshot {
  /// One like no other of another number, with an entry of so many bytes.
  static func numbered(_ number: Int, bytes: Int = 1) -> RegistrarSnapshot {
    let revision = Revision(rawValue: UInt64(number))
    let value = String(repeating: "v", count: bytes)
    return RegistrarSnapshot(
      cluster: ClusterID(rawValue: 7),
      start: RegistrarStart(rawValue: 1),
      revision: revision,
      lastLease: LeaseID(rawValue: 0),
      longestTTL: .zero,
      leases: [],
      entries: [
        CoordinatorEntry(key: CoordinatorKey("k"), value: value, created: revision, modified: revision, lease: nil)
      ]
    )
  }
}
