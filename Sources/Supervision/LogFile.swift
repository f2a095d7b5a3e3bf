package import HeddleModel

/// What becomes of one log on disk: what is written when, and what if the disk does not take it. Nobody waits for it.
///
/// One batch is written at a time; what comes meanwhile waits, up to a bound. After a failure nothing is tried for a
/// while, and what comes is kept in memory alone, by `LogRing`.
package struct LogFile: Equatable, Sendable {
  /// What the disk made of a batch.
  package enum Outcome: Equatable, Sendable {
    case written
    /// errno(3).
    case failed(errno: Int32)
  }

  private enum State: Equatable {
    case idle
    /// A batch is on its way to the disk.
    case writing
    /// Nothing is tried before this instant.
    case broken(until: Instant)
  }

  /// The most bytes of the file that is written to, and the number of files with those that it was before.
  package static let bytesMax = 10 << 20
  package static let fileCount = 5
  /// The most bytes that wait while a batch is being written.
  package static let pendingBytesMax = 1 << 20
  /// How long nothing is tried after a failure.
  package static let patience = Duration.seconds(60)

  private var state = State.idle
  private var pending: [UInt8] = []
  /// How many bytes were not written since the last success.
  private var lostCount = 0
  /// Whether somebody was told of that.
  private var isLossTold = false

  package init() {}

  /// Whether nothing is to be written, or remembered.
  package var isIdle: Bool { state == .idle && pending.isEmpty && lostCount == 0 }

  /// Whether a batch is on its way.
  package var isWriting: Bool { state == .writing }

  /// The thread has written.
  ///
  /// - Returns: the batch to write now; nil when there is none.
  package mutating func append(_ bytes: some Collection<UInt8>, at now: Instant) -> [UInt8]? {
    switch state {
    case .idle: break
    case .broken(let until) where until <= now: break
    case .writing where pending.count + bytes.count <= Self.pendingBytesMax:
      pending.append(contentsOf: bytes)
      return nil
    case .writing, .broken:
      lostCount += bytes.count
      return nil
    }
    state = .writing
    return Array(bytes)
  }

  /// The batch is written, or not.
  ///
  /// - Returns: the batch to write now, if there is one, and what to tell people, if anything.
  package mutating func ended(
    _ outcome: Outcome,
    count: Int,
    at now: Instant
  ) -> (batch: [UInt8]?, news: String?) {
    switch outcome {
    case .failed(let errno):
      lostCount += count + pending.count
      pending = []
      state = .broken(until: now + Self.patience)
      defer { isLossTold = true }
      return (nil, isLossTold ? nil : "cannot be written (errno \(errno)): it is kept in memory alone")
    case .written:
      let news = lostCount > 0 ? "is written again; \(lostCount) bytes are missing in it" : nil
      (lostCount, isLossTold) = (0, false)
      guard !pending.isEmpty else {
        state = .idle
        return (nil, news)
      }
      let batch = pending
      pending = []
      return (batch, news)
    }
  }

  // MARK: - Rotation

  /// Whether a file of `size` bytes makes room before `count` more are written to it.
  package static func isRotationDue(size: Int, adding count: Int) -> Bool { size > 0 && size + count > bytesMax }

  /// The renamings by which the file at `path` makes room, in this order. The last one's former target is lost.
  package static func rotation(of path: String) -> [(from: String, to: String)] {
    (1..<fileCount).reversed().map { number in
      (number == 1 ? path : "\(path).\(number - 1)", "\(path).\(number)")
    }
  }
}

extension Node {
  /// What the log of a thread is called among files: its name, or, of one without, its identity, which no name is.
  package func logName(of thread: ThreadID) -> String? {
    guard let entity = entities[thread] else { return nil }
    // Of a server's connections there is no end, and their logs would have none.
    if let server = visits[thread]?.server { return logName(of: server) }
    return entity.name?.text ?? "id:\(String(identity.incarnation, radix: 16)):\(thread)"
  }
}
