internal import Glibc
internal import HeddleLoop
internal import HeddleModel
internal import Supervision

/// The logs on disk, below a state directory: `logs/NAME.log` for each name, rotated to `NAME.log.1` and so on.
///
/// `LogFile` decides; the writing itself is done beside the loop, one batch of a file after the other. No descriptor is
/// kept between two batches.
final class LogStore {
  private let directory: String
  private let loop: EventLoop
  private let log: (String) -> Void
  private let onChange: (String, Bool, String) -> Void
  /// Those that are being written, or could not be.
  private var files: [String: LogFile] = [:]
  /// Called once, when nothing is being written any more.
  private var onFinished: (() -> Void)?

  /// Makes the directories as far as they are missing, for their owner alone.
  ///
  /// - Parameters:
  ///   - log: told, in a line, when a log can't be written, and when it can again.
  ///   - onChange: told the same: the log's name, whether it can't be written, and the sentence without its subject.
  /// - Throws: `DaemonError`.
  init(
    in stateDirectory: String,
    on loop: EventLoop,
    log: @escaping (String) -> Void,
    onChange: @escaping (_ name: String, _ isLost: Bool, _ sentence: String) -> Void
  ) throws {
    directory = stateDirectory + "/logs"
    self.loop = loop
    self.log = log
    self.onChange = onChange
    for path in [stateDirectory, directory] {
      guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else {
        let reason = unsafe String(cString: strerror(errno))
        throw DaemonError("cannot make the state directory \(path): \(reason); name another with --state")
      }
    }
  }

  /// Adds to the log `name` whenever the disk takes it.
  func append(_ bytes: Span<UInt8>, to name: String) {
    var file = files.removeValue(forKey: name) ?? LogFile()
    let batch = unsafe bytes.withUnsafeBufferPointer { unsafe file.append($0, at: Self.now) }
    files[name] = file
    if let batch { write(batch, to: name) }
  }

  /// Calls `onFinished`, perhaps at once, when all is written that was to be.
  func finish(onFinished: @escaping () -> Void) {
    self.onFinished = onFinished
    finishIfIdle()
  }

  private func write(_ batch: [UInt8], to name: String) {
    let path = "\(directory)/\(name).log"
    do throws(LoopError) {
      try loop.offload {
        Self.append(batch, to: path)
      } onDone: { [self] outcome in
        ended(outcome, count: batch.count, name)
      }
    } catch {
      ended(.failed(errno: error.code), count: batch.count, name)
    }
  }

  private func ended(_ outcome: LogFile.Outcome, count: Int, _ name: String) {
    guard var file = files.removeValue(forKey: name) else { return }
    let (batch, news) = file.ended(outcome, count: count, at: Self.now)
    if !file.isIdle { files[name] = file }
    if let news {
      log("the log file \(directory)/\(name).log \(news)")
      onChange(name, outcome != .written, news)
    }
    if let batch { write(batch, to: name) }
    finishIfIdle()
  }

  private func finishIfIdle() {
    guard let onFinished, !files.values.contains(where: \.isWriting) else { return }
    self.onFinished = nil
    onFinished()
  }

  private static var now: Instant { Instant(nanoseconds: EventLoop.nanoseconds) }

  // MARK: - Beside the loop

  private static func append(_ batch: [UInt8], to path: String) -> LogFile.Outcome {
    if let size = size(of: path), LogFile.isRotationDue(size: size, adding: batch.count) {
      for step in LogFile.rotation(of: path) {
        guard unsafe rename(step.from, step.to) == 0 || errno == ENOENT else { return .failed(errno: errno) }
      }
    }
    let descriptor = unsafe open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { return .failed(errno: errno) }
    defer { close(descriptor) }
    return write(batch, to: descriptor)
  }

  private static func size(of path: String) -> Int? {
    var status = stat()
    return unsafe lstat(path, &status) == 0 ? Int(status.st_size) : nil
  }

  private static func write(_ batch: [UInt8], to descriptor: Int32) -> LogFile.Outcome {
    var rest = batch[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return .failed(errno: errno) }
      rest = rest.dropFirst(count)
    }
    return .written
  }
}
