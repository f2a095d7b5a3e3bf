internal import CLibuv
internal import Glibc

/// A socket that accepts connections: a Unix socket at a path, for its owner only (the file's mode is 0600), or a TCP socket.
///
/// Connections are accepted as they come, in the order of their arrival. When descriptors run out libuv closes the newest
/// connections, and says nothing; the listener goes on.
@safe package final class Listener: LoopHandle {
  /// The path, or the address, that it was asked to listen at.
  package let name: String

  private let kind: ByteStream.Kind
  /// The file of a Unix socket.
  private let socket: BoundSocket?
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
    name = path
    kind = .pipe(passingDescriptors: false)
    self.socket = socket
    self.onConnection = onConnection
    do throws(LoopError) {
      try unsafe super.init(on: loop, attempt: attempt) { unsafe uv_pipe_init($0, $1, 0) }
    } catch {
      socket.unlink()
      Glibc.close(socket.descriptor)
      throw error
    }
    if let error = unsafe LoopError.from(uv_pipe_open(raw(), socket.descriptor), attempt) {
      // Not adopted, so it is not closed with the handle.
      Glibc.close(socket.descriptor)
      close()
      throw error
    }
    try listen(backlog: backlog, attempt)
  }

  /// Binds a TCP socket to `address` and listens there. An address that was in use a moment ago can be bound again
  /// (SO_REUSEADDR). Connections have TCP_NODELAY.
  ///
  /// - Parameters: as of the other initializer. `localAddress` tells which port was chosen for 0.
  /// - Throws: EINVAL for a host that is no number, EADDRINUSE, EADDRNOTAVAIL, EACCES.
  package init(
    address: InternetAddress,
    backlog: Int32 = 128,
    on loop: EventLoop,
    onConnection: @escaping (Result<ByteStream, LoopError>) -> Void
  ) throws(LoopError) {
    let attempt = "listen on \(address)"
    name = address.description
    kind = .tcp
    socket = nil
    self.onConnection = onConnection
    try unsafe super.init(on: loop, attempt: attempt) { unsafe uv_tcp_init($0, $1) }
    do throws(LoopError) {
      try unsafe address.withAddress(attempt) { (address) throws(LoopError) in
        try unsafe LoopError.check(uv_tcp_bind(raw(), address, 0), attempt)
      }
    } catch {
      close()
      throw error
    }
    try listen(backlog: backlog, attempt)
  }

  /// The address that a TCP listener is bound to.
  package var localAddress: InternetAddress {
    get throws(LoopError) {
      let attempt = "ask for the address of \(name)"
      try checkOpen(attempt)
      return try unsafe InternetAddress(attempt) { unsafe uv_tcp_getsockname(raw(), $0, $1) }
    }
  }

  /// Listens on a Unix socket that another program has bound, and perhaps connected clients to already. Its file stays when
  /// the listener is closed.
  ///
  /// - Parameters:
  ///   - descriptor: the listener's from here on; when this throws it stays the caller's.
  ///   - path: the socket's, for messages.
  package init(
    adopting descriptor: Int32,
    path: String,
    backlog: Int32 = 128,
    on loop: EventLoop,
    onConnection: @escaping (Result<ByteStream, LoopError>) -> Void
  ) throws(LoopError) {
    let attempt = "listen on \(path)"
    name = path
    kind = .pipe(passingDescriptors: false)
    socket = nil
    self.onConnection = onConnection
    try unsafe super.init(on: loop, attempt: attempt) { unsafe uv_pipe_init($0, $1, 0) }
    if let error = unsafe LoopError.from(uv_pipe_open(raw(), descriptor), attempt) {
      close()
      throw error
    }
    try listen(backlog: backlog, attempt)
  }

  private func listen(backlog: Int32, _ attempt: String) throws(LoopError) {
    let status = unsafe uv_listen(raw(), backlog) { handle, status in
      unsafe LoopHandle.owner(of: handle, as: Listener.self)?.connected(status)
    }
    guard let error = LoopError.from(status, attempt) else { return }
    close()
    throw error
  }

  private func connected(_ status: Int32) {
    let name = "a connection on \(name)"
    do throws(LoopError) {
      try LoopError.check(status, "accept \(name)")
      let stream = try ByteStream(kind, named: name, acceptedFrom: self)
      if case .tcp = kind { unsafe uv_tcp_nodelay(stream.raw(), 1) }
      onConnection(.success(stream))
    } catch {
      onConnection(.failure(error))
    }
  }

  /// The file goes first, and only if it is still the one that `init` made: a successor's stays.
  override func willClose() {
    socket?.unlink()
    onConnection = { _ in }
  }
}
