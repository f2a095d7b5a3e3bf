internal import Glibc
internal import HeddleLoop
internal import Synchronization

/// Standard input to a daemon's socket, and what comes from there to standard output, each no faster than it is taken.
actor LinkCopy {
  private nonisolated let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

  private let socketPath: String
  private var socket: ByteStream?
  private var input: ByteStream?
  private var output: ByteStream?
  /// Whether there was anything to be copied between.
  private var isCopying = false
  /// Whether one side has ended.
  private var isFinishing = false
  private nonisolated let reason = Mutex<String?>(nil)
  /// No more is read while so many bytes wait to be written.
  private static let waitingBytesMax = 1 << 20

  /// Why nothing could be copied; nil if it could.
  nonisolated var failure: String? { reason.withLock(\.self) }

  init(on loop: EventLoop, socketPath: String) {
    self.loop = loop
    self.socketPath = socketPath
  }

  func begin() {
    do throws(LoopError) {
      input = try ByteStream(adopting: STDIN_FILENO, on: loop)
      output = try ByteStream(adopting: STDOUT_FILENO, on: loop)
      socket = try ByteStream.connect(to: socketPath, on: loop) { [self] error in
        if let error { end(error) } else { copy() }
      }
    } catch {
      end(error)
    }
  }

  private func copy() {
    guard let input, let output, let socket else { return }
    isCopying = true
    copy(from: input, to: socket)
    copy(from: socket, to: output)
  }

  private func copy(from source: ByteStream, to target: ByteStream) {
    do throws(LoopError) {
      try source.startReading(
        onBytes: { [self] bytes in write(bytes, from: source, to: target) },
        onEnd: { [self] _ in finish(target) }
      )
    } catch {
      end(error)
    }
  }

  private func write(_ bytes: Span<UInt8>, from source: ByteStream, to target: ByteStream) {
    do throws(LoopError) {
      try target.write(bytes) { [self] error in
        if let error { end(error) } else if !isFinishing { copy(from: source, to: target) }
      }
      if target.queuedBytes > Self.waitingBytesMax { source.stopReading() }
    } catch {
      end(error)
    }
  }

  /// One side has ended: what it said goes out, and that is the end.
  private func finish(_ target: ByteStream) {
    guard !isFinishing else { return }
    isFinishing = true
    input?.stopReading()
    socket?.stopReading()
    do throws(LoopError) { try target.shutdown { [self] _ in end(nil) } } catch { end(nil) }
  }

  private func end(_ error: LoopError?) {
    // That a link ends is what links do; whoever dialed tells of it.
    if let error, !isCopying { reason.withLock { $0 = error.description } }
    for stream in [input, output, socket] { stream?.close() }
    loop.requestStop()
  }
}
