internal import CLibuv
internal import Glibc

/// A Unix socket that accepts connections at a path, for its owner only: the file's mode is 0600.
///
/// Connections are accepted as they come, in the order of their arrival. When descriptors run out libuv closes the newest
/// connections, and says nothing; the listener goes on.
@safe package final class Listener: LoopHandle {
  /// The path that was bound.
  package var path: String { socket.path.string }

  private let socket: BoundSocket
  private var onConnection: (Result<ByteStream, LoopError>) -> Void

  /// Binds `path` and listens there.
  ///
  /// - Parameters:
  ///   - backlog: how many connections the kernel holds before the loop has accepted them.
  ///   - onConnection: gets each connection, or why one could not be accepted. The stream is the receiver's, to be closed.
  /// - Throws: EADDRINUSE if there is a file at `path`, whether or not somebody listens there; ENAMETOOLONG for a path of
  ///   more than 107 bytes.
  package init(
    path: String,
    backlog: Int32 = 128,
    on loop: EventLoop,
    onConnection: @escaping (Result<ByteStream, LoopError>) -> Void
  ) throws(LoopError) {
    let attempt = "listen on \(path)"
    let socket = try BoundSocket(UnixPath(path, attempt: attempt), attempt: attempt)
    self.socket = socket
    self.onConnection = onConnection
    do throws(LoopError) {
      try unsafe super.init(on: loop, attempt: attempt) { unsafe uv_pipe_init($0, $1, 0) }
    } catch {
      socket.unlink()
      Glibc.close(socket.descriptor)
      throw error
    }
    try listen(backlog: backlog, attempt)
  }

  private func listen(backlog: Int32, _ attempt: String) throws(LoopError) {
    do throws(LoopError) {
      if let error = unsafe LoopError.from(uv_pipe_open(raw(), socket.descriptor), attempt) {
        // Not adopted, so it is not closed with the handle.
        Glibc.close(socket.descriptor)
        throw error
      }
      let status = unsafe uv_listen(raw(), backlog) { handle, status in
        unsafe LoopHandle.owner(of: handle, as: Listener.self)?.connected(status)
      }
      try LoopError.check(status, attempt)
    } catch {
      close()
      throw error
    }
  }

  private func connected(_ status: Int32) {
    let name = "a connection on \(path)"
    do throws(LoopError) {
      try LoopError.check(status, "accept \(name)")
      let stream = try ByteStream(.pipe(passingDescriptors: false), named: name, acceptedFrom: self)
      onConnection(.success(stream))
    } catch {
      onConnection(.failure(error))
    }
  }

  /// The file goes first, and only if it is still the one that `init` made: a successor's stays.
  override func willClose() {
    socket.unlink()
    onConnection = { _ in }
  }
}
