internal import HeddleLoop
internal import HeddleWire
internal import Supervision

/// One client's end of the wire: frames in, frames out, and nothing known of what they mean.
final class Client {
  /// What a client may leave unread before it is given up.
  private static let unreadBytesMax = 16 << 20

  let stream: ByteStream
  private var reader = FrameReader()
  private var writer = FrameWriter()
  /// Whether it is told no more, and closed once all is written.
  private var isClosing = false

  init(_ stream: ByteStream) { self.stream = stream }

  /// Gives each whole frame to `onFrame`.
  func read(_ chunk: Span<UInt8>, onFrame: (Frame) -> Void) throws(FrameError) {
    var offset = 0
    while let frame = try reader.next(in: chunk, at: &offset) { onFrame(frame) }
  }

  /// Appends a frame to what `flush` will write. One that exceeds the connection's limit becomes a refusal.
  func append(_ outgoing: Outgoing) throws(FrameError) {
    do throws(FrameError) {
      try encode(outgoing)
    } catch {
      guard case .reply(_, let request) = outgoing else { throw error }
      try writer.refusal(WireRefusal(error), of: request)
    }
  }

  /// Writes what was appended, in one piece.
  ///
  /// - Returns: whether the client still reads what it is sent.
  func flush() -> Bool {
    let bytes = writer.take()
    guard !bytes.isEmpty else { return true }
    guard (try? stream.write(bytes)) != nil else { return false }
    return stream.queuedBytes <= Self.unreadBytesMax
  }

  /// Closes the stream when all that was flushed is written.
  func finish(onFinished: @escaping () -> Void) {
    guard !isClosing else { return }
    isClosing = true
    stream.stopReading()
    do throws(LoopError) {
      try stream.shutdown { _ in onFinished() }
    } catch {
      onFinished()
    }
  }

  private func encode(_ outgoing: Outgoing) throws(FrameError) {
    switch outgoing {
    case .welcome(let welcome):
      try writer.welcome(welcome)
      writer.bodyMax = welcome.bodyMax
      reader.bodyMax = welcome.bodyMax
    case .reply(let reply, let request): try writer.reply(reply, to: request)
    case .refusal(let refusal, let request): try writer.refusal(refusal, of: request)
    case .notice(let notice, let request): try writer.notice(notice, of: request)
    case .ack(let ack): try writer.ack(ack)
    case .room(let thread): try writer.room(for: thread)
    }
  }
}
