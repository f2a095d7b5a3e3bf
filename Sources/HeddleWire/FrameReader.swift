/// One frame as it came: its header is right, its body is not looked at yet.
package struct Frame: Hashable, Sendable {
  package let header: FrameHeader
  /// Raw mail, or what the `init(decoding:)` of the kind's value takes.
  package let body: [UInt8]

  package init(header: FrameHeader, body: [UInt8]) {
    self.header = header
    self.body = body
  }
}

/// Cuts a connection's bytes into frames, in whatever pieces they arrive.
///
/// A piece is handed in again and again, with the place up to which it is read, until there is no whole frame left in it:
///
///     var offset = 0
///     while let frame = try reader.next(in: chunk, at: &offset) { ... }
///
/// So nothing is queued here, and what one frame changes (`bodyMax`, at the handshake's end) holds for the next one.
/// A body is copied once, from the piece into the frame; room for it is made once, after its length was checked.
package struct FrameReader: Sendable {
  private enum State {
    /// `collected` has less than a header.
    case inHeader
    /// `collected` has less than the body that this header declares.
    case inBody(FrameHeader)
    /// The bytes made no sense; they make none from here on.
    case failed(FrameError)
  }
  private var state = State.inHeader
  /// The start of the header or of the body that is not complete yet. Beside the enum, so that appending copies nothing.
  private var collected: [UInt8] = []

  /// The most bytes that the peer may put into a body. A change holds from the next header on.
  package var bodyMax: Int {
    didSet { precondition(bodyMax <= BodyLimit.ceiling, "no limit exceeds the protocol's ceiling") }
  }

  package init(bodyMax: Int = BodyLimit.handshake) {
    precondition(bodyMax <= BodyLimit.ceiling, "no limit exceeds the protocol's ceiling")
    self.bodyMax = bodyMax
  }

  /// Whether the bytes so far end between two frames; if not, a connection that ends here was cut off.
  package var isBetweenFrames: Bool {
    switch state {
    case .inHeader: collected.isEmpty
    case .inBody, .failed: false
    }
  }

  /// The next frame, once all of it has arrived; nil when `chunk` is used up.
  ///
  /// - Parameters:
  ///   - chunk: what has arrived.
  ///   - offset: from where `chunk` is not read yet; moved behind the frame, or to the end.
  /// - Throws: why the bytes are no frame, now and from here on.
  package mutating func next(in chunk: Span<UInt8>, at offset: inout Int) throws(FrameError) -> Frame? {
    switch state {
    case .failed(let error):
      throw error
    case .inBody(let header):
      return body(of: header, in: chunk, at: &offset)
    case .inHeader:
      guard let header = try header(in: chunk, at: &offset) else { return nil }
      return body(of: header, in: chunk, at: &offset)
    }
  }

  private mutating func header(in chunk: Span<UInt8>, at offset: inout Int) throws(FrameError) -> FrameHeader? {
    do throws(FrameError) {
      if collected.isEmpty, chunk.count - offset >= FrameHeader.count {
        let header = try FrameHeader(decoding: chunk.extracting(offset..<offset + FrameHeader.count), bodyMax: bodyMax)
        offset += FrameHeader.count
        return header
      }
      guard collect(upTo: FrameHeader.count, from: chunk, at: &offset) else { return nil }
      let header = try FrameHeader(decoding: collected.span, bodyMax: bodyMax)
      collected = []
      return header
    } catch {
      state = .failed(error)
      collected = []
      throw error
    }
  }

  private mutating func body(of header: FrameHeader, in chunk: Span<UInt8>, at offset: inout Int) -> Frame? {
    // Makes exactly the room that is needed, and none when some of the body is there already.
    collected.reserveCapacity(header.bodyCount)
    guard collect(upTo: header.bodyCount, from: chunk, at: &offset) else {
      state = .inBody(header)
      return nil
    }
    state = .inHeader
    let body = collected
    collected = []
    return Frame(header: header, body: body)
  }

  /// Moves bytes from `chunk` to `collected` until this has `count` of them. Whether it has.
  private mutating func collect(upTo count: Int, from chunk: Span<UInt8>, at offset: inout Int) -> Bool {
    let end = min(chunk.count, offset + count - collected.count)
    unsafe chunk.extracting(offset..<end).withUnsafeBufferPointer { unsafe collected.append(contentsOf: $0) }
    offset = end
    return collected.count == count
  }
}
