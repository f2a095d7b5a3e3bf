package import Cluster
internal import Glibc
package import HeddleLoop

/// The file behind a registrar's journal, on the loop; what blocks is done beside it.
///
/// One batch is written at a time, and brought to the disk by one fsync; what is asked for meanwhile is the next batch.
/// After a failure nothing is written or told any more: the kernel may have dropped what it could not write, and the next
/// fsync would succeed all the same (fsync(2), which reports an error once). The next registrar begins with what the disk
/// has.
///
/// What waits is bounded by who asks: the registrar answers nobody before its records are on the disk.
package final class JournalFile {
  private enum State {
    /// Nothing is under way.
    case idle(JournalDisk)
    /// So many records are on their way to the disk.
    case writing(JournalDisk, count: Int)
    /// The lock is kept: no other registrar begins while this one may not have heard of it.
    case failed(JournalDisk)
    case closed
  }

  private let loop: EventLoop
  private let onSynced: (Int) -> Void
  private let onFailed: (String) -> Void
  private var state: State
  /// In the order in which they were asked for.
  private var waiting: [JournalRecord] = []
  private var syncedCount = 0
  /// Called once, when nothing is being written any more.
  private var onFinished: (() -> Void)?

  /// Opens `registrar.journal`, reads it, and cuts off a torn tail. It blocks meanwhile.
  ///
  /// - Parameters:
  ///   - directory: made if it is missing, with mode 0700; else it must be ours alone, and no other registrar's.
  ///   - onSynced: told on the loop, after each batch, how many records are on the disk in all: the first so many of those
  ///     that were asked for since the opening.
  ///   - onFailed: told on the loop, once, in a sentence, that no more records come to the disk, and why. Neither it nor
  ///     `onSynced` is called again.
  /// - Returns: the records that were there, for `Registrar.recovered`.
  /// - Throws: a sentence with what can't be used, why, and what to do. A damaged journal is left as it is.
  package static func open(
    directory: String,
    on loop: EventLoop,
    onSynced: @escaping (_ count: Int) -> Void,
    onFailed: @escaping (_ sentence: String) -> Void
  ) throws(DaemonError) -> (records: [JournalRecord], journal: JournalFile) {
    let (records, disk) = try JournalDisk.open(in: directory)
    return (records, JournalFile(disk, on: loop, onSynced: onSynced, onFailed: onFailed))
  }

  private init(
    _ disk: JournalDisk,
    on loop: EventLoop,
    onSynced: @escaping (Int) -> Void,
    onFailed: @escaping (String) -> Void
  ) {
    state = .idle(disk)
    self.loop = loop
    self.onSynced = onSynced
    self.onFailed = onFailed
  }

  /// Asks for the records to be written, behind all that was asked for before.
  package func append(_ records: [JournalRecord]) {
    switch state {
    case .idle, .writing: waiting += records
    case .failed, .closed: return
    }
    writeNext()
  }

  /// Asks for a new journal in the place of this one, which begins with `snapshot`: one record, and what was asked for
  /// before is in it. A crash leaves the one journal or the other.
  package func replace(with snapshot: RegistrarSnapshot) { append([.snapshot(snapshot)]) }

  /// Calls `onFinished`, perhaps at once, when all is written that was to be, or has failed; then the files are closed, and
  /// another registrar may have them. What is asked for after that is not written.
  package func finish(onFinished: @escaping () -> Void) {
    self.onFinished = onFinished
    finishIfIdle()
  }

  private func writeNext() {
    guard case .idle(let disk) = state, !waiting.isEmpty else { return }
    let batch = waiting
    waiting = []
    state = .writing(disk, count: batch.count)
    do throws(LoopError) {
      try loop.offload {
        Result { () throws(SystemFailure) in try disk.write(batch) }
      } onDone: { [self] result in
        ended(result)
      }
    } catch {
      ended(.failure(SystemFailure(error.attempt, code: error.code)))
    }
  }

  private func ended(_ result: Result<Void, SystemFailure>) {
    guard case .writing(let disk, let count) = state else { return }
    switch result {
    case .success:
      state = .idle(disk)
      syncedCount += count
      // What this leads to goes with what waits.
      onSynced(syncedCount)
      writeNext()
    case .failure(let failure):
      state = .failed(disk)
      waiting = []
      onFailed(Self.sentence(on: failure))
    }
    finishIfIdle()
  }

  private func finishIfIdle() {
    if case .writing = state { return }
    guard waiting.isEmpty, let onFinished else { return }
    self.onFinished = nil
    state = .closed
    onFinished()
  }

  private static func sentence(on failure: SystemFailure) -> String {
    let advice =
      switch failure.code {
      case ENOSPC, EDQUOT: "make room there"
      case EFBIG: "raise the limit on the size of files (ulimit -f)"
      default: "look after the disk (dmesg may say more)"
      }
    return "\(failure); the registrar answers nobody any more: \(advice), then start its daemon again"
  }
}
