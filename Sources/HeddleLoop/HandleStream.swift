internal import CLibuv

/// A Unix socket over which other processes pass descriptors (SCM_RIGHTS, unix(7)), which arrive as streams.
///
/// At most 64 descriptors can come with one message, libuv's limit. They are pipe ends and stream sockets; anything else
/// ends the reading with an error.
package final class HandleStream {
  /// The bytes' side: to write to, to ask, to close. Its closing is the end of the `HandleStream`.
  package let bytes: ByteStream

  /// Makes a stream of one end of a Unix socket pair; see `ByteStream.init(adopting:on:)`.
  package init(adopting descriptor: Int32, on loop: EventLoop) throws(LoopError) {
    bytes = try ByteStream(adopting: descriptor, passingDescriptors: true, on: loop)
  }

  /// Calls `onMessage` for whatever arrives, and `onEnd` once after that.
  ///
  /// - Parameter onMessage: gets bytes, as `ByteStream` gives them, and the streams whose descriptors came with them, in
  ///   the order in which they were sent. Descriptors come with the first byte of the message that they were sent with,
  ///   and never with those of an earlier one; if the message is read in pieces they come with the first. The streams
  ///   are the receiver's, to be closed.
  package func startReading(
    onMessage: @escaping (Span<UInt8>, [ByteStream]) -> Void,
    onEnd: @escaping (ByteStream.End) -> Void
  ) throws(LoopError) {
    try bytes.startReading(
      onBytes: { [self] bytes in
        do throws(LoopError) { onMessage(bytes, try acceptReceived()) } catch {
          stopReading()
          onEnd(.failed(error))
        }
      },
      onEnd: onEnd
    )
  }

  package func stopReading() { bytes.stopReading() }

  /// Writes a message after all that was written before, and with its first byte a copy of a stream's descriptor. The stream
  /// stays the caller's, and has to stay open until it is written.
  ///
  /// - Parameter onWritten: called once, later: with nil when the last byte is in the kernel, else with what went wrong; also
  ///   after `close()`.
  package func write(
    _ message: [UInt8],
    passing stream: ByteStream,
    onWritten: @escaping (LoopError?) -> Void
  ) throws(LoopError) {
    let attempt = "pass \(stream.name) over \(bytes.name)"
    try bytes.checkOpen(attempt)
    try stream.checkOpen(attempt)
    let payload = unsafe message.withUnsafeBufferPointer { unsafe Payload(copying: $0) }
    let request = unsafe Request<uv_write_t>(carrying: payload) { onWritten(LoopError.from($0, attempt)) }
    var buffer = unsafe ByteStream.buffer(payload.bytes)
    let status = unsafe request.submit { request in
      unsafe uv_write2(request, bytes.raw(), &buffer, 1, stream.raw()) { unsafe Request<uv_write_t>.finish($0, $1) }
    }
    try LoopError.check(status, attempt)
  }

  package func close() { bytes.close() }

  /// Takes all descriptors that the last read received. Those of a refused message are closed.
  private func acceptReceived() throws(LoopError) -> [ByteStream] {
    var received: [ByteStream] = []
    do throws(LoopError) {
      while unsafe uv_pipe_pending_count(bytes.raw()) > 0 {
        let attempt = "accept a descriptor from \(bytes.name)"
        let type = unsafe uv_pipe_pending_type(bytes.raw())
        let kind = try ByteStream.kind(type, passingDescriptors: false, attempt)
        received.append(try ByteStream(kind, named: "a descriptor from \(bytes.name)", acceptedFrom: bytes))
      }
      return received
    } catch {
      for stream in received { stream.close() }
      throw error
    }
  }
}
