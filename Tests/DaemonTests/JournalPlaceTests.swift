import Cluster
import Daemon
import Foundation
import Glibc
import Testing

/// Who refuses what, with real files.
@Suite("the journal's place", .timeLimit(.minutes(2)))
struct JournalPlaceTests {
  /// The sentence with which the journal in `directory` is refused.
  private static func refusal(in directory: String) async throws -> String {
    let error = try await #require(throws: DaemonError.self) { _ = try await JournalHost.records(in: directory) }
    return error.description
  }

  private static func make(_ directory: String, mode: mode_t = 0o700) throws {
    try #require(unsafe mkdir(directory, mode) == 0 && chmod(directory, mode) == 0)
  }

  @Test("a second registrar is refused while the first is there, and let in after it")
  func second() async throws {
    try await withJournalDirectory { directory in
      try await JournalHost.play(in: directory) { _, _, _ in
        let sentence = try await Self.refusal(in: directory)
        #expect(sentence.contains("process \(getpid()) is the registrar there; stop that one"), "\(sentence)")
      }
      #expect(try await JournalHost.records(in: directory) == [])
    }
  }

  @Test("a directory that others may enter is no place for a journal")
  func shared() async throws {
    try await withJournalDirectory { directory in
      try Self.make(directory, mode: 0o755)
      let sentence = try await Self.refusal(in: directory)
      #expect(sentence.hasPrefix("cannot use \(directory) for the registrar's journal: others may enter it"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == [])
    }
  }

  @Test("a file in the directory's place, or none above it, is refused")
  func noDirectory() async throws {
    try await withJournalDirectory { path in
      let missing = "\(path)/above/it"
      #expect(try await Self.refusal(in: missing).hasPrefix("cannot make the directory \(missing): No such file"))
      try Data().write(to: URL(filePath: path))
      #expect(try await Self.refusal(in: path).contains("it is not a directory; "))
    }
  }

  @Test("a FIFO, a directory or a link in the journal's place is refused, and nobody waits for it")
  func notPlain() async throws {
    // In a process of its own: an opening that waits for the FIFO's other end ends by the alarm.
    await #expect(processExitsWith: .success) {
      alarm(60)
      try await withJournalDirectory { directory in
        try Self.make(directory)
        let path = "\(directory)/registrar.journal"
        try #require(unsafe mkfifo(path, 0o600) == 0)
        #expect(
          try await Self.refusal(in: directory).contains("\(path) as the registrar's journal: it is no plain file")
        )
        try #require(unsafe unlink(path) == 0 && mkdir(path, 0o700) == 0)
        #expect(try await Self.refusal(in: directory).hasPrefix("cannot open \(path): Is a directory"))
        try #require(unsafe rmdir(path) == 0 && symlink("/dev/null", path) == 0)
        #expect(try await Self.refusal(in: directory).hasPrefix("cannot open \(path): "))
      }
    }
  }

  // MARK: - A disk that takes no more

  @Test("a write that fails is told once, with what to do; nothing is told or written after it")
  func tooLong() async throws {
    // In a process of its own, which may not write long files.
    await #expect(processExitsWith: .success) {
      alarm(60)
      // Whoever runs the tests may ignore it.
      signal(SIGXFSZ, SIG_DFL)
      var limit = rlimit(rlim_cur: 65_536, rlim_max: 65_536)
      try #require(unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
      try await withJournalDirectory { directory in
        try await Self.fill(directory, until: "File too large; the registrar answers nobody any more: raise the limit")
      }
    }
  }

  @Test("so is a full disk", .enabled("needs the right to mount a file system") { await Self.canMount() })
  func full() async throws {
    try await withJournalDirectory { directory in
      try Self.make(directory)
      try #require(Self.mountSmall(at: directory))
      defer { unsafe umount2(directory, Int32(MNT_DETACH)) }
      try await Self.fill(directory, until: "No space left on device; the registrar answers nobody any more: make room")
    }
  }

  @Test("a full disk takes no snapshot either", .enabled("needs the right to mount") { await Self.canMount() })
  func fullForSnapshot() async throws {
    try await withJournalDirectory { directory in
      try Self.make(directory)
      try #require(Self.mountSmall(at: directory))
      defer { unsafe umount2(directory, Int32(MNT_DETACH)) }
      try await JournalHost.play(in: directory) { host, _, news in
        await host.append([.numbered(1)])
        #expect(await news.next() == .synced(1))
        await host.replace(with: .numbered(9, bytes: 1 << 20))
        let sentence = try #require(await news.next()?.failure)
        #expect(sentence.hasPrefix("cannot write \(directory)/registrar.journal.new: No space left on device"))
      }
      // The journal before it is what counts.
      #expect(try await JournalHost.records(in: directory) == [.numbered(1)])
    }
  }

  /// Appends until that fails, and looks what comes after.
  private static func fill(_ directory: String, until reason: String) async throws {
    let told = try await JournalHost.play(in: directory) { host, _, news in
      await host.append([.numbered(1)])
      try #require(await news.next() == .synced(1))
      await host.append([.long(1 << 20)])
      let sentence = try #require(await news.next()?.failure)
      try #require(sentence.hasPrefix("cannot write \(directory)/registrar.journal: \(reason)"), "\(sentence)")
      await host.append([.numbered(2)])
      await host.replace(with: .numbered(9))
      await host.finish()
      try #require(await news.next() == .finished)
      return await host.told.count
    }
    try #require(told == 3)
    try #require(try await JournalHost.records(in: directory) == [.numbered(1)])
  }

  private static func mountSmall(at directory: String) -> Bool {
    unsafe mount("none", directory, "tmpfs", 0, "size=64k,mode=700") == 0
  }

  private static func canMount() async -> Bool {
    (try? await withJournalDirectory { directory in
      try make(directory)
      guard mountSmall(at: directory) else { return false }
      return unsafe umount2(directory, Int32(MNT_DETACH)) == 0
    }) ?? false
  }
}
