internal import CLibuv

/// Where streams come from: a path, a descriptor, a listener, another stream.
extension ByteStream {
  /// Connects to the Unix socket at `path`.
  ///
  /// - Parameter onConnected: called once, with nil when bytes can flow, else with the reason (ENOENT, ECONNREFUSED, or
  ///   EAGAIN when the listener's backlog is full), and then the stream is closed.
  /// - Returns: the stream, to which bytes can be written already, and which can be closed to give up.
  /// - Throws: ENAMETOOLONG for a path of more than 107 bytes.
  package static func connect(
    to path: String,
    on loop: EventLoop,
    onConnected: @escaping (LoopError?) -> Void
  ) throws(LoopError) -> ByteStream {
    let attempt = "connect to \(path)"
    let path = try UnixPath(path, attempt: attempt)
    let stream = try ByteStream(.pipe(passingDescriptors: false), named: path.string, on: loop)
    let request = unsafe Request<uv_connect_t> { status in
      guard stream.isOpen else { return }
      let error = LoopError.from(status, attempt)
      if error != nil { stream.close() }
      onConnected(error)
    }
    _ = unsafe request.submit { request in
      unsafe uv_pipe_connect(request, stream.raw(), path.string) { unsafe Request<uv_connect_t>.finish($0, $1) }
      return 0
    }
    return stream
  }

  /// Connects to a TCP socket. Small writes go out at once (TCP_NODELAY): what belongs together is written together.
  ///
  /// - Parameter onConnected: called once, with nil when bytes can flow, else with the reason (ECONNREFUSED, ETIMEDOUT), and
  ///   then the stream is closed.
  /// - Returns: the stream, to which bytes can be written already, and which can be closed to give up.
  /// - Throws: EINVAL for a host that is no number; what the system says at once, such as ENETUNREACH.
  package static func connect(
    to address: InternetAddress,
    on loop: EventLoop,
    onConnected: @escaping (LoopError?) -> Void
  ) throws(LoopError) -> ByteStream {
    let attempt = "connect to \(address)"
    let stream = try ByteStream(.tcp, named: address.description, on: loop)
    let request = unsafe Request<uv_connect_t> { status in
      guard stream.isOpen else { return }
      let error = LoopError.from(status, attempt)
      if error != nil { stream.close() }
      onConnected(error)
    }
    do throws(LoopError) {
      unsafe uv_tcp_nodelay(stream.raw(), 1)
      try unsafe address.withAddress(attempt) { (address) throws(LoopError) in
        let status = unsafe request.submit { request in
          unsafe uv_tcp_connect(request, stream.raw(), address) { unsafe Request<uv_connect_t>.finish($0, $1) }
        }
        try LoopError.check(status, attempt)
      }
    } catch {
      stream.close()
      throw error
    }
    return stream
  }

  /// The address of this end of a TCP connection.
  package var localAddress: InternetAddress {
    get throws(LoopError) {
      let attempt = "ask for the address of \(name)"
      try checkOpen(attempt)
      return try unsafe InternetAddress(attempt) { unsafe uv_tcp_getsockname(raw(), $0, $1) }
    }
  }

  /// The address of the other end of a TCP connection.
  package var remoteAddress: InternetAddress {
    get throws(LoopError) {
      let attempt = "ask for the address of the peer of \(name)"
      try checkOpen(attempt)
      return try unsafe InternetAddress(attempt) { unsafe uv_tcp_getpeername(raw(), $0, $1) }
    }
  }

  /// Makes a stream of a descriptor, and sets it to non-blocking.
  ///
  /// - Parameter descriptor: an end of a pipe, or a connected Unix or TCP socket. It is the stream's from here on; when
  ///   this throws it stays the caller's.
  /// - Throws: EINVAL for other kinds of descriptors, EBADF, EEXIST if a stream of the loop has it.
  package convenience init(adopting descriptor: Int32, on loop: EventLoop) throws(LoopError) {
    try self.init(adopting: descriptor, passingDescriptors: false, on: loop)
  }

  convenience init(adopting descriptor: Int32, passingDescriptors: Bool, on loop: EventLoop) throws(LoopError) {
    let attempt = "adopt descriptor \(descriptor)"
    let kind = try Self.kind(uv_guess_handle(descriptor), passingDescriptors: passingDescriptors, attempt)
    try self.init(kind, named: "descriptor \(descriptor)", on: loop)
    let status =
      switch kind {
      case .pipe: unsafe uv_pipe_open(raw(), descriptor)
      case .tcp: unsafe uv_tcp_open(raw(), descriptor)
      }
    try closeUnlessSuccess(status, attempt)
  }

  /// The C type for what libuv takes a descriptor for.
  static func kind(_ type: uv_handle_type, passingDescriptors: Bool, _ attempt: String) throws(LoopError) -> Kind {
    switch type {
    case UV_NAMED_PIPE: return .pipe(passingDescriptors: passingDescriptors)
    case UV_TCP: return .tcp
    default:
      // libuv's poll would abort on a regular file.
      let advice = "it is neither a pipe nor a connected stream socket"
      throw LoopError(code: EINVAL, attempt: attempt, advice: advice)
    }
  }

  /// Takes what `server` has to give: a listener's next connection, or the oldest descriptor that a stream received.
  convenience init(_ kind: Kind, named name: String, acceptedFrom server: LoopHandle) throws(LoopError) {
    try self.init(kind, named: name, on: server.loop)
    try closeUnlessSuccess(unsafe uv_accept(server.raw(), raw()), "accept \(name)")
    // A descriptor that was passed has the flags that its sender gave it, and a blocking one would stop the loop.
    try closeUnlessSuccess(unsafe uv_stream_set_blocking(raw(), 0), "accept \(name)")
  }

  private func closeUnlessSuccess(_ status: Int32, _ attempt: String) throws(LoopError) {
    guard let error = LoopError.from(status, attempt) else { return }
    close()
    throw error
  }
}
