import Cluster
import Daemon
import Foundation
import Testing

/// With real files, on a real loop.
@Suite("the journal's file", .timeLimit(.minutes(2)))
struct JournalFileTests {
  static let records = (1...4).map(JournalRecord.numbered)

  private static func path(in directory: String) -> String { "\(directory)/registrar.journal" }

  private static func bytes(in directory: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(filePath: path(in: directory))))
  }

  private static func put(_ bytes: [UInt8], in directory: String) throws {
    try Data(bytes).write(to: URL(filePath: path(in: directory)))
  }

  private static func mode(_ path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
  }

  /// The sentence with which the journal in `directory` is refused.
  private static func refusal(in directory: String) async throws -> String {
    let error = try await #require(throws: DaemonError.self) { _ = try await JournalHost.records(in: directory) }
    return error.description
  }

  // MARK: - Writing

  @Test("what was told to be on the disk is read again, in order")
  func readAgain() async throws {
    try await withJournalDirectory { directory in
      #expect(try await JournalHost.records(in: directory) == [])
      try await JournalHost.append(Array(Self.records[..<2]), in: directory)
      try await JournalHost.append(Array(Self.records[2...]), in: directory)
      #expect(try await JournalHost.records(in: directory) == Self.records)
    }
  }

  @Test("a journal that is missing is made in a directory of its own, for its owner alone")
  func modes() async throws {
    try await withJournalDirectory { directory in
      let records = try await JournalHost.records(in: directory)
      #expect(records == [])
      #expect(try Self.mode(directory) == 0o700)
      #expect(try Self.mode(Self.path(in: directory)) == 0o600)
    }
  }

  @Test("a thousand records that are asked for at once share a few fsyncs")
  func groupCommit() async throws {
    try await withJournalDirectory { directory in
      let records = (1...1_000).map(JournalRecord.numbered)
      try await JournalHost.play(in: directory) { host, _, news in
        await host.appendEach(records)
        while case .synced(let count) = await news.next(), count < records.count {}
        // The first goes by itself; meanwhile the others come.
        #expect(await host.told == [.synced(1), .synced(1_000)])
      }
      #expect(try await JournalHost.records(in: directory) == records)
    }
  }

  @Test("what was asked for is written before the end, and what comes later is not", arguments: [false, true])
  func finish(whenTold: Bool) async throws {
    try await withJournalDirectory { directory in
      try await JournalHost.play(in: directory) { host, _, news in
        await host.finish(behind: Self.records, whenTold: whenTold)
        #expect(await news.next() == .synced(1))
        #expect(await news.next() == .synced(4))
        #expect(await news.next() == .finished)
        await host.append([.numbered(9)])
      }
      #expect(try await JournalHost.records(in: directory) == Self.records)
    }
  }

  // MARK: - Replacing

  @Test("a snapshot takes the place of the journal before it, and what follows is appended to it")
  func replace() async throws {
    try await withJournalDirectory { directory in
      let snapshot = RegistrarSnapshot.numbered(9)
      try await JournalHost.play(in: directory) { host, _, news in
        await host.append([Self.records[0]])
        #expect(await news.next() == .synced(1))
        await host.replace(with: snapshot)
        #expect(await news.next() == .synced(2))
        await host.append([Self.records[1]])
        #expect(await news.next() == .synced(3))
      }
      #expect(try await JournalHost.records(in: directory) == [.snapshot(snapshot), Self.records[1]])
    }
  }

  @Test("appended, replaced and appended in one batch keep their order")
  func replaceAmongOthers() async throws {
    try await withJournalDirectory { directory in
      let snapshot = RegistrarSnapshot.numbered(9)
      try await JournalHost.play(in: directory) { host, _, news in
        // The first is under way alone; the rest waits for it.
        await host.append(Array(Self.records[..<2]), replacing: snapshot, Array(Self.records[2...]))
        while case .synced(let count) = await news.next(), count < 5 {}
        #expect(await host.told == [.synced(2), .synced(5)])
      }
      #expect(try await JournalHost.records(in: directory) == [.snapshot(snapshot)] + Self.records[2...])
    }
  }

  @Test("of two snapshots in one batch the later one counts")
  func replaceTwice() async throws {
    try await withJournalDirectory { directory in
      try await JournalHost.play(in: directory) { host, _, news in
        await host.append([Self.records[0]], replacing: .numbered(8), [.snapshot(.numbered(9)), Self.records[1]])
        while case .synced(let count) = await news.next(), count < 4 {}
      }
      #expect(try await JournalHost.records(in: directory) == [.snapshot(.numbered(9)), Self.records[1]])
    }
  }

  @Test("a new journal that a crash left half written means nothing, and is overwritten")
  func leftover() async throws {
    try await withJournalDirectory { directory in
      try await JournalHost.append(Self.records, in: directory)
      let half = URL(filePath: Self.path(in: directory) + ".new")
      try Data("hj half a journal, longer than the one that comes in its place".utf8).write(to: half)
      #expect(try await JournalHost.records(in: directory) == Self.records)
      try await JournalHost.play(in: directory) { host, _, news in
        await host.replace(with: .numbered(9))
        #expect(await news.next() == .synced(1))
      }
      #expect(try await JournalHost.records(in: directory) == [.snapshot(.numbered(9))])
      #expect(!FileManager.default.fileExists(atPath: half.path))
    }
  }

  // MARK: - Reading

  @Test("a journal cut off anywhere gives the records before the cut, and appending goes on there")
  func tornTail() async throws {
    try await withJournalDirectory { directory in
      var ends: [Int] = []
      for record in Self.records {
        try await JournalHost.append([record], in: directory)
        ends.append(try Self.bytes(in: directory).count)
      }
      let bytes = try Self.bytes(in: directory)
      for count in 0...bytes.count {
        try Self.put(Array(bytes.prefix(count)), in: directory)
        let whole = ends.filter { $0 <= count }.count
        let mended = Self.records.prefix(whole) + [.numbered(9)]
        try await JournalHost.play(in: directory) { host, records, news in
          let rest = try Self.bytes(in: directory).count
          #expect(records == Array(Self.records.prefix(whole)))
          #expect(rest == (whole == 0 ? 0 : ends[whole - 1]))
          await host.append([.numbered(9)])
          #expect(await news.next() == .synced(1))
        }
        #expect(try await JournalHost.records(in: directory) == Array(mended))
      }
    }
  }

  @Test("a damaged journal is refused with the place and what to do, and left as it is")
  func damage() async throws {
    try await withJournalDirectory { directory in
      for record in Self.records { try await JournalHost.append([record], in: directory) }
      var bytes = try Self.bytes(in: directory)
      bytes[30] ^= 1
      try Self.put(bytes, in: directory)
      let sentence = try await Self.refusal(in: directory)
      #expect(
        sentence == "cannot read the registrar's journal \(Self.path(in: directory)): record 1 at byte 0 is damaged, "
          + "though later ones are there; put a copy of the journal in its place"
      )
      let rest = try Self.bytes(in: directory)
      #expect(rest == bytes)
    }
  }
}
