internal import Cluster
internal import Glibc
internal import Synchronization

/// The registrar's journal on the disk: `registrar.journal` in a directory of its own, for as long as this object lives.
/// Its methods block.
///
/// One process at a time has it, by the lock of `registrar.lock`. `registrar.journal.new` is a journal on its way into the
/// other's place; one that a crash left behind means nothing.
final class JournalDisk: Sendable {
  private struct File: ~Copyable {
    let descriptor: Descriptor
    var writer: Journal.Writer
  }

  private static let name = "registrar.journal"
  private static let newName = "registrar.journal.new"
  private static let advice = "mend that, then start the daemon again"

  private let directory: PrivateDirectory
  private let lock: FileLock
  /// Under a lock for the compiler alone: one batch at a time is written.
  private let file: Mutex<File>

  private init(directory: consuming PrivateDirectory, lock: consuming FileLock, file: consuming sending File) {
    self.directory = directory
    self.lock = lock
    self.file = Mutex(file)
  }

  private var path: String { "\(directory.path)/\(Self.name)" }

  // MARK: - Writing

  /// Writes the records, in order, and returns when they are on the disk. A snapshot begins a new journal.
  ///
  /// - Throws: once, what failed. Then it can't be told what is on the disk, and nothing more may be written.
  func write(_ records: [JournalRecord]) throws(SystemFailure) {
    Self.blockFileSizeSignal()
    try file.withLock { file throws(SystemFailure) in
      guard let start = records.lastIndex(where: \.isSnapshot) else {
        try Self.add(records[...], to: &file, path)
        try file.descriptor.syncData(path)
        file.writer.synced()
        return
      }
      // The snapshot says what the records before it say.
      file = try replacement(with: records[start...])
    }
  }

  /// A journal of these records, which has taken the other's place.
  private func replacement(with records: ArraySlice<JournalRecord>) throws(SystemFailure) -> File {
    let newPath = "\(directory.path)/\(Self.newName)"
    try directory.remove(Self.newName)
    let descriptor = try directory.openFile(Self.newName, O_CREAT | O_EXCL)
    var new = File(descriptor: descriptor, writer: Journal.Writer())
    try Self.add(records, to: &new, newPath)
    try new.descriptor.sync(newPath)
    try directory.rename(Self.newName, to: Self.name)
    try directory.sync()
    new.writer.synced()
    return new
  }

  private static func add(_ records: ArraySlice<JournalRecord>, to file: inout File, _ name: String)
    throws(SystemFailure)
  {
    var bytes: [UInt8] = []
    for record in records { bytes += file.writer.bytes(of: record) }
    try file.descriptor.write(bytes, to: name)
  }

  /// Makes a write beyond RLIMIT_FSIZE fail with EFBIG, as any other failure, in place of SIGXFSZ, which ends the process.
  ///
  /// The signal goes to the thread that writes (setrlimit(2)): one of the loop's pool, which runs no program.
  private static func blockFileSizeSignal() {
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe sigaddset(&signals, SIGXFSZ)
    unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
  }
}

// MARK: - Opening

extension JournalDisk {
  /// Takes the journal, reads it, and cuts off a torn tail. A missing one is made, and is on the disk then.
  ///
  /// - Parameter path: the directory's; it is made if it is missing.
  /// - Throws: what can't be used and why. A damaged journal is left as it is.
  static func open(in path: String) throws(DaemonError) -> (records: [JournalRecord], disk: JournalDisk) {
    let name = "\(path)/\(Self.name)"
    let directory = try PrivateDirectory.open(
      path,
      for: "the registrar's journal",
      advice: "name another with --state"
    )
    let lock = try claim(path)
    let descriptor = try advising(advice) { () throws(SystemFailure) in try openOrMake(in: directory) }
    guard try advising(advice, { () throws(SystemFailure) in try descriptor.isPlainFile(name) }) else {
      throw DaemonError("cannot use \(name) as the registrar's journal: it is no plain file; \(advice)")
    }
    let bytes = try advising(advice) { () throws(SystemFailure) in
      try bytesOnDisk(of: descriptor, name, in: directory)
    }
    let contents = try read(bytes, name)
    if contents.count < bytes.count {
      try advising(advice) { () throws(SystemFailure) in try cut(descriptor, to: contents.count, name) }
    }
    let file = File(descriptor: descriptor, writer: contents.writer)
    return (contents.records, JournalDisk(directory: directory, lock: lock, file: file))
  }

  private static func claim(_ path: String) throws(DaemonError) -> FileLock {
    do throws(FileLock.Refusal) {
      return try FileLock.take("\(path)/registrar.lock")
    } catch {
      switch error {
      case .held(let holder):
        let reason = holder.map { "process \($0) is the registrar there" } ?? "a registrar is running there"
        throw DaemonError(
          "cannot use the registrar's journal in \(path): \(reason); stop that one (heddle daemon stop), or name another "
            + "directory with --state"
        )
      case .failed(let failure): throw DaemonError(failure, advice)
      }
    }
  }

  private static func openOrMake(in directory: borrowing PrivateDirectory) throws(SystemFailure) -> Descriptor {
    do throws(SystemFailure) {
      return try directory.openFile(name)
    } catch {
      guard error.code == ENOENT else { throw error }
      return try directory.openFile(name, O_CREAT | O_EXCL)
    }
  }

  /// What a machine that stops now would find.
  ///
  /// A registrar that was here before may have ended between a write and its fsync, or between a rename and that of the
  /// directory; what it left is not counted as on the disk before it is. Of a write that failed the kernel may keep in
  /// memory what the disk does not have, so the memory is asked to forget.
  private static func bytesOnDisk(
    of file: borrowing Descriptor,
    _ name: String,
    in directory: borrowing PrivateDirectory
  ) throws(SystemFailure) -> [UInt8] {
    try file.sync(name)
    try directory.sync()
    try directory.syncParent()
    _ = posix_fadvise(file.number, 0, 0, POSIX_FADV_DONTNEED)
    return try file.readToEnd(name)
  }

  private static func read(_ bytes: [UInt8], _ name: String) throws(DaemonError) -> Journal.Contents {
    do throws(JournalError) {
      return try Journal.read(bytes)
    } catch {
      throw DaemonError("cannot read the registrar's journal \(name): \(error)")
    }
  }

  private static func cut(_ file: borrowing Descriptor, to count: Int, _ name: String) throws(SystemFailure) {
    guard ftruncate(file.number, off_t(count)) == 0 else { throw SystemFailure("cut off the torn tail of \(name)") }
    try file.sync(name)
  }
}

extension JournalRecord {
  fileprivate var isSnapshot: Bool { if case .snapshot = self { true } else { false } }
}
