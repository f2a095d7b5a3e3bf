internal import Glibc
internal import HeddleLoop
internal import HeddleModel
internal import Supervision

/// The daemon's end of its keeper: requests out, reports in, with the descriptors that come with them.
final class Keeper {
  private let process: ChildProcess
  private var reader = KeeperReportReader()
  /// The streams of a report that has begun to come.
  private var streams: [ByteStream] = []

  /// Starts the keeper.
  ///
  /// - Parameters:
  ///   - arguments: the containment and the instance; see its main.c.
  ///   - onReport: gets each report, and the program's standard streams with `started`.
  ///   - onLost: called once, with the reason, when nothing more will come.
  ///   - onExit: called once, when the process has been reaped.
  init(
    _ path: String,
    arguments: [String],
    on loop: EventLoop,
    onReport: @escaping (KeeperReport, [ByteStream]) -> Void,
    onLost: @escaping (String) -> Void,
    onExit: @escaping () -> Void
  ) throws(LoopError) {
    process = try ChildProcess(path, arguments: arguments, on: loop) { _ in onExit() }
    try process.channel.startReading(
      onMessage: { [weak self] bytes, streams in
        self?.received(bytes, streams, onReport: onReport, onLost: onLost)
      },
      onEnd: { end in onLost("its channel ended: \(end)") }
    )
  }

  /// - Returns: what the keeper would have said: a program that can't be asked for never starts.
  func send(_ request: KeeperRequest) -> KeeperReport? {
    do throws(KeeperRequestError) {
      let frame = try request.encoded()
      // A channel that fails is lost, which its reading end tells.
      _ = try? process.channel.bytes.write(frame)
      return nil
    } catch {
      guard case .start(let thread, _) = request else { return nil }
      return .startFailed(thread, errno: error.errorNumber, .execute)
    }
  }

  /// Asks for a program that is to have a connection. The stream is the keeper's from here on: it is closed when the socket
  /// was handed over, or can't be.
  ///
  /// - Parameter onFailed: called at most once, perhaps before this returns: the program never starts, and why.
  func send(
    _ request: KeeperRequest,
    passing connection: ByteStream,
    onFailed: @escaping (_ errno: Int32, KeeperStage) -> Void
  ) {
    do throws(KeeperRequestError) {
      let frame = try request.encoded()
      do throws(LoopError) {
        try process.channel.write(frame, passing: connection) { error in
          connection.close()
          // If the channel is lost, its reading end tells more.
          if let error { onFailed(error.code == ETOOMANYREFS ? EMFILE : error.code, .pipe) }
        }
      } catch {
        connection.close()
        onFailed(error.code, .pipe)
      }
    } catch {
      connection.close()
      onFailed(error.errorNumber, .execute)
    }
  }

  /// 0 once it is reaped.
  var pid: Int32 { process.pid }

  /// Lets the keeper end all trees and leave.
  func endAll() { process.channel.close() }

  /// It has left.
  func close() {
    process.channel.close()
    process.close()
  }

  private func received(
    _ bytes: Span<UInt8>,
    _ new: [ByteStream],
    onReport: (KeeperReport, [ByteStream]) -> Void,
    onLost: (String) -> Void
  ) {
    // They come with the first byte of their report, and no two reports' in one message.
    if !new.isEmpty {
      for stream in streams { stream.close() }
      streams = new
    }
    unsafe bytes.withUnsafeBufferPointer { unsafe reader.append($0) }
    do throws(KeeperReportError) {
      while let report = try reader.nextReport() {
        guard case .started = report else {
          onReport(report, [])
          continue
        }
        let theirs = streams
        streams = []
        onReport(report, theirs)
      }
    } catch {
      onLost("what it says can't be read: \(error)")
    }
  }
}

extension KeeperRequestError {
  /// What the kernel would have answered; errno(3).
  var errorNumber: Int32 {
    switch self {
    case .tooLong: 7  // E2BIG
    case .zeroByte, .noArguments, .noSuchSignal, .noSuchUmask: 22  // EINVAL
    }
  }
}
