internal import CLibuv

/// A stream of bytes over a pipe, a Unix socket or a TCP socket.
///
/// **Order.** Bytes are written in the order of the `write` calls, and `onWritten` closures are called in that order.
///
/// **Backpressure.** What the kernel does not take at once is copied and queued, without a bound: the owner looks at
/// `queuedBytes`, stops producing, and goes on in an `onWritten`. For the other direction there is `stopReading()`:
/// bytes stay in the kernel, and the peer's writes come to wait.
///
/// **End.** The stream is never closed by itself: its owner closes it, after the end of what it reads or at an error. The
/// exceptions are a `connect` that fails, and the `shutdown` of a pipe.
@safe package final class ByteStream: LoopHandle {
  /// Why no more bytes will be read.
  package enum End: Equatable {
    /// The peer has closed its end, or shut it down.
    case endOfStream
    case failed(LoopError)
  }

  /// When the bytes of a `write` reach the kernel.
  package enum Written: Equatable {
    /// They have; the closure is not called.
    case atOnce
    /// When the closure is called.
    case later
  }

  /// What is told to the owner who reads.
  private struct Reader {
    let onBytes: (Span<UInt8>) -> Void
    let onEnd: (End) -> Void
  }

  /// The C type that libuv wants for a descriptor.
  enum Kind {
    /// A pipe or a Unix socket, over which descriptors may be received too.
    case pipe(passingDescriptors: Bool)
    case tcp
  }

  /// What the stream is called in errors: its path, or its descriptor.
  package let name: String
  private var reader: Reader?

  /// A stream without a descriptor yet.
  init(_ kind: Kind, named name: String, on loop: EventLoop) throws(LoopError) {
    self.name = name
    let attempt = "make a stream for \(name)"
    switch kind {
    case .pipe(let passing):
      try unsafe super.init(on: loop, attempt: attempt) { unsafe uv_pipe_init($0, $1, passing ? 1 : 0) }
    case .tcp: try unsafe super.init(on: loop, attempt: attempt) { unsafe uv_tcp_init($0, $1) }
    }
  }

  override func willClose() { reader = nil }

  /// The descriptor, which stays the stream's.
  func descriptor(_ attempt: @autoclosure () -> String) throws(LoopError) -> Int32 {
    try checkOpen(attempt())
    var descriptor: Int32 = -1
    try unsafe LoopError.check(uv_fileno(raw(), &descriptor), attempt())
    return descriptor
  }

  // MARK: Reading

  /// Calls `onBytes` for whatever arrives, and `onEnd` once after that.
  ///
  /// Called again while reading, it replaces the closures.
  ///
  /// - Parameter onBytes: gets at most 256 KiB at a time, in a buffer that the loop uses again; the span cannot outlive
  ///   the call, so what is kept is copied.
  package func startReading(
    onBytes: @escaping (Span<UInt8>) -> Void,
    onEnd: @escaping (End) -> Void
  ) throws(LoopError) {
    try checkOpen("read from \(name)")
    let isReading = reader != nil
    reader = Reader(onBytes: onBytes, onEnd: onEnd)
    if isReading { return }
    let status = unsafe uv_read_start(
      raw(),
      { handle, _, buffer in unsafe LoopHandle.owner(of: handle, as: ByteStream.self)?.lendBuffer(to: buffer) },
      { handle, count, _ in unsafe LoopHandle.owner(of: handle, as: ByteStream.self)?.didRead(count) }
    )
    if let error = LoopError.from(status, "read from \(name)") {
      reader = nil
      throw error
    }
  }

  /// Leaves what arrives in the kernel, until `startReading` is called again. No closure is called from here on.
  package func stopReading() {
    guard isOpen, reader != nil else { return }
    reader = nil
    unsafe uv_read_stop(raw())
  }

  private func lendBuffer(to request: UnsafeMutablePointer<uv_buf_t>?) {
    let room = unsafe UnsafeMutableRawBufferPointer(loop.core.readBuffer).bindMemory(to: CChar.self)
    unsafe request?.pointee = uv_buf_init(room.baseAddress, UInt32(room.count))
  }

  private func didRead(_ count: Int) {
    guard let reader else { return }
    if count > 0 {
      let bytes = unsafe UnsafeBufferPointer(rebasing: loop.core.readBuffer[..<count])
      reader.onBytes(unsafe bytes.span)
    } else if count < 0 {
      stopReading()
      let isEnd = count == Int(UV_EOF.rawValue)
      reader.onEnd(isEnd ? .endOfStream : .failed(LoopError(code: Int32(-count), attempt: "read from \(name)")))
    }
    // Zero is EAGAIN: there was nothing to read after all.
  }

  /// How many bytes the kernel holds for this end, ready to be read (FIONREAD).
  package func availableBytes() throws(LoopError) -> Int {
    let attempt = "ask how much there is to read from \(name)"
    return Int(try LoopError.check(heddle_available_bytes(try descriptor(attempt)), attempt))
  }

  // MARK: Writing

  /// The bytes of earlier writes that the kernel has not taken yet; 0 after `close()`.
  package var queuedBytes: Int { isOpen ? unsafe Int(uv_stream_get_write_queue_size(raw())) : 0 }

  /// Writes `bytes` after all that was written before: at once as far as the kernel takes them, the rest from a copy.
  ///
  /// - Parameter onWritten: called once if the answer is `.later`, with nil when the last byte is in the kernel, else with
  ///   what went wrong. Not called after `close()`, which drops what is queued.
  /// - Throws: what went wrong at once, such as EPIPE when the peer is gone. Nothing is queued then.
  @discardableResult
  package func write(
    _ bytes: Span<UInt8>,
    onWritten: @escaping (LoopError?) -> Void = { _ in }
  ) throws(LoopError) -> Written {
    try checkOpen("write to \(name)")
    return try unsafe bytes.withUnsafeBufferPointer { (bytes) throws(LoopError) in
      let taken = try unsafe writeNow(bytes)
      if taken == bytes.count { return .atOnce }
      try unsafe enqueue(Payload(copying: UnsafeBufferPointer(rebasing: bytes[taken...])), onWritten: onWritten)
      return .later
    }
  }

  /// Writes an array's bytes; see the other `write`.
  @discardableResult
  package func write(
    _ bytes: [UInt8],
    onWritten: @escaping (LoopError?) -> Void = { _ in }
  ) throws(LoopError) -> Written {
    try write(bytes.span, onWritten: onWritten)
  }

  /// - Returns: how many bytes the kernel took; none if others are queued before them.
  private func writeNow(_ bytes: UnsafeBufferPointer<UInt8>) throws(LoopError) -> Int {
    guard !bytes.isEmpty else { return 0 }
    var buffer = unsafe Self.buffer(UnsafeMutableBufferPointer(mutating: bytes))
    let status = unsafe uv_try_write(raw(), &buffer, 1)
    if status == UV_EAGAIN.rawValue { return 0 }
    return Int(try LoopError.check(status, "write to \(name)"))
  }

  private func enqueue(_ payload: Payload, onWritten: @escaping (LoopError?) -> Void) throws(LoopError) {
    let request = unsafe Request<uv_write_t>(carrying: payload) { [self] status in
      if isOpen { onWritten(LoopError.from(status, "write to \(name)")) }
    }
    var buffer = unsafe Self.buffer(payload.bytes)
    let status = unsafe request.submit { request in
      unsafe uv_write(request, raw(), &buffer, 1) { unsafe Request<uv_write_t>.finish($0, $1) }
    }
    try LoopError.check(status, "write to \(name)")
  }

  /// libuv's view of `bytes`, which it only reads. A buffer's length is 32 bits wide in `uv_buf_init` alone.
  static func buffer(_ bytes: UnsafeMutableBufferPointer<UInt8>) -> uv_buf_t {
    unsafe uv_buf_t(base: UnsafeMutableRawBufferPointer(bytes).bindMemory(to: CChar.self).baseAddress, len: bytes.count)
  }

  /// Ends the writing direction after what is queued: the peer reads the end of the stream, and may go on writing.
  ///
  /// A pipe has but one direction, so a pipe's writing end is closed then.
  ///
  /// - Parameter onFinished: called once, with nil when all that was queued is in the kernel and the direction has ended.
  /// - Throws: ENOTCONN if it has ended already, or never began.
  package func shutdown(onFinished: @escaping (LoopError?) -> Void = { _ in }) throws(LoopError) {
    try checkOpen("end the writing to \(name)")
    let request = unsafe Request<uv_shutdown_t> { [self] status in
      guard isOpen else { return }
      // shutdown(2) refuses pipes; libuv calls it when the queue is empty.
      let isPipe = status == UV_ENOTSOCK.rawValue
      if isPipe { close() }
      onFinished(isPipe ? nil : LoopError.from(status, "end the writing to \(name)"))
    }
    let status = unsafe request.submit { request in
      unsafe uv_shutdown(request, raw()) { unsafe Request<uv_shutdown_t>.finish($0, $1) }
    }
    try LoopError.check(status, "end the writing to \(name)")
  }
}
