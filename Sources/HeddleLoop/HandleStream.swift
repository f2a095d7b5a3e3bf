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
