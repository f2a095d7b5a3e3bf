internal import Glibc
internal import HeddleLoop
internal import HeddleModel
internal import Supervision

/// The daemon's part in a cluster, but for the streams: its place, and the registrar's journal.
extension Daemon {
  /// - Throws: `DaemonError` when this place can't be told from others.
  static func join(_ settings: ClusterSettings, at socketPath: String, as node: inout Node) throws {
    var cluster = settings.configuration
    cluster.seat = try Seat.number(of: socketPath)
    let leases = Instant(nanoseconds: EventLoop.bootNanoseconds)
    node.join(cluster, seed: UInt64.random(in: .min ... .max), leases: leases)
  }

  /// Reads the registrar's journal, where this node is the registrar, before anybody is let in.
  ///
  /// - Throws: `DaemonError` for a journal that can't be used: what it says was promised to other nodes.
  func openJournal() throws {
    guard let cluster = configuration.cluster, cluster.isRegistrar else { return }
    try makeParents(of: cluster.journalDirectory)
    let opened = try JournalFile.open(
      directory: cluster.journalDirectory,
      on: loop,
      onSynced: { [self] count in step { $0.journalSynced(UInt64(clamping: count), effects: &$1) } },
      onFailed: { [self] sentence in step { $0.journalFailed(sentence, effects: &$1) } }
    )
    journal = opened.journal
    configuration.log("the registrar's journal is in \(cluster.journalDirectory)")
    step { $0.openRegistry(opened.records, orFounding: UInt64.random(in: .min ... .max), effects: &$1) }
  }
}

/// Makes the directories above `path` as far as they are missing, for their owner alone.
private func makeParents(of path: String) throws(DaemonError) {
  for end in path.indices where path[end] == "/" && end != path.startIndex {
    let directory = String(path[..<end])
    guard unsafe mkdir(directory, 0o700) != 0, errno != EEXIST else { continue }
    throw DaemonError("cannot make \(directory): \(unsafe String(cString: strerror(errno))); name another with --state")
  }
}

/// What tells the place of a daemon from all others: chance, written down beside the socket's lock. Whoever holds the lock and
/// finds this number is the successor of the one that wrote it, which has ended with all its threads.
enum Seat {
  /// - Throws: `DaemonError` when it can be neither read nor written.
  static func number(of socketPath: String) throws(DaemonError) -> UInt64 {
    let path = socketPath + ".seat"
    let file = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
    guard file >= 0 else { throw failure("open", path) }
    defer { close(file) }
    var text = [UInt8](repeating: 0, count: 32)
    let count = unsafe pread(file, &text, text.count, 0)
    if count == 16, let number = UInt64(String(decoding: text.prefix(count), as: UTF8.self), radix: 16) {
      return number
    }
    let number = UInt64.random(in: 1 ... .max)
    let digits = String(number, radix: 16)
    let bytes = Array((String(repeating: "0", count: 16 - digits.count) + digits).utf8)
    guard ftruncate(file, 0) == 0, unsafe pwrite(file, bytes, bytes.count, 0) == bytes.count, fsync(file) == 0 else {
      throw failure("write", path)
    }
    return number
  }

  private static func failure(_ attempt: String, _ path: String) -> DaemonError {
    let reason = unsafe String(cString: strerror(errno))
    return DaemonError("cannot \(attempt) \(path), which a node of a cluster needs: \(reason); name another --socket")
  }
}
