internal import CLibuv
internal import Glibc

/// A shell command, and the stream that is its standard input and its standard output. Its standard error is ours.
@safe package final class CommandStream: LoopHandle {
  /// Our end. The owner closes it, by `end()`.
  package let stream: ByteStream
  private var onExit: (ChildProcess.Exit) -> Void

  /// Has /bin/sh carry out `command`.
  ///
  /// - Parameter onExit: called once, when the shell has been reaped; not after `end()`.
  package init(
    _ command: String,
    on loop: EventLoop,
    onExit: @escaping (ChildProcess.Exit) -> Void
  ) throws(LoopError) {
    let attempt = "run \(command)"
    var pair: [Int32] = [-1, -1]
    try unsafe LoopError.check(uv_socketpair(Int32(SOCK_STREAM.rawValue), 0, &pair, 0, 0), attempt)
    defer { Glibc.close(pair[1]) }
    let stream: ByteStream
    do throws(LoopError) { stream = try ByteStream(adopting: pair[0], on: loop) } catch {
      Glibc.close(pair[0])
      throw error
    }
    self.stream = stream
    self.onExit = onExit
    let request = SpawnRequest(
      program: "/bin/sh",
      arguments: ["/bin/sh", "-c", command],
      environment: nil,
      descriptors: [pair[1], pair[1], STDERR_FILENO]
    )
    var status: Int32 = 0
    do throws(LoopError) {
      try unsafe super.init(on: loop, attempt: attempt) { (raw, process: UnsafeMutablePointer<uv_process_t>) in
        status = unsafe request.spawn(process, on: raw) { handle, status, signal in
          unsafe LoopHandle.owner(of: handle, as: CommandStream.self)?.exited(status, signal)
        }
        // Also after a failure the handle has to be closed, so for the initialiser below us it was made.
        return 0
      }
    } catch {
      stream.close()
      throw error
    }
    if let error = LoopError.from(status, attempt) {
      stream.close()
      close()
      throw error
    }
  }

  /// Closes the stream, and asks the shell to end, which is reaped in any case.
  package func end() {
    stream.close()
    onExit = { _ in }
    guard isOpen else { return }
    unsafe uv_process_kill(raw(), SIGTERM)
  }

  private func exited(_ status: Int64, _ signal: Int32) {
    let tell = onExit
    close()
    tell(signal == 0 ? .status(Int32(truncatingIfNeeded: status)) : .signal(signal))
  }

  override func willClose() { onExit = { _ in } }
}
