package import HeddleModel

/// Puts frames one behind the other into a buffer of bytes, to be written at once.
package struct FrameWriter: Sendable {
  /// The most bytes that the peer takes in a body.
  package var bodyMax: Int
  /// The frames that were not taken yet, in their order.
  package private(set) var bytes: [UInt8] = []

  package init(bodyMax: Int = BodyLimit.handshake) {
    self.bodyMax = bodyMax
  }

  /// Appends one frame.
  ///
  /// - Throws: why the peer would not take it: `bodyTooLong`, mostly. Nothing is appended then.
  package mutating func append(
    _ kind: FrameKind,
    flags: FrameFlags = [],
    id: UInt64 = 0,
    body: Span<UInt8>
  ) throws(FrameError) {
    let header = FrameHeader(kind, flags: flags, id: id, bodyCount: body.count)
    try header.check(bodyMax: bodyMax)
    header.encode(into: &bytes)
    unsafe body.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
  }

  /// Appends frames that are encoded already, and that the peer takes.
  package mutating func append(frames: [UInt8]) {
    if bytes.isEmpty { bytes = frames } else { bytes += frames }
  }

  /// Hands out the frames so far and starts anew.
  package mutating func take() -> [UInt8] {
    let taken = bytes
    bytes = []
    return taken
  }
}

// MARK: - One method per kind

extension FrameWriter {
  package mutating func hello(_ hello: Hello) throws(FrameError) {
    try append(.hello, body: hello.encoded().span)
  }

  package mutating func welcome(_ welcome: Welcome) throws(FrameError) {
    try append(.welcome, body: welcome.encoded().span)
  }

  package mutating func request(_ request: Request, id: RequestID) throws(FrameError) {
    try append(.request, id: id.rawValue, body: request.encoded().span)
  }

  package mutating func reply(_ reply: Reply, to request: RequestID) throws(FrameError) {
    try append(.reply, id: request.rawValue, body: reply.encoded().span)
  }

  /// Refuses `request`, or the whole connection when that is nil.
  package mutating func refusal(_ refusal: WireRefusal, of request: RequestID?) throws(FrameError) {
    try append(.refusal, id: request?.rawValue ?? 0, body: refusal.encoded().span)
  }

  package mutating func notice(_ notice: Notice, of request: RequestID) throws(FrameError) {
    try append(.notice, id: request.rawValue, body: notice.encoded().span)
  }

  package mutating func mail(
    _ message: Span<UInt8>,
    to receiver: ThreadID,
    flags: FrameFlags = []
  ) throws(FrameError) {
    try append(.mail, flags: flags, id: receiver.rawValue, body: message)
  }

  /// One frame for each message.
  package mutating func mail(
    _ messages: ArraySlice<[UInt8]>,
    to receiver: ThreadID,
    flags: FrameFlags = []
  ) throws(FrameError) {
    // A span lends its elements, while an iterator would retain each.
    let messages = messages.span
    var (size, sizeMax) = (0, 0)
    for index in messages.indices {
      size += FrameHeader.count + messages[index].count
      sizeMax = max(sizeMax, messages[index].count)
    }
    try FrameHeader(.mail, flags: flags, id: receiver.rawValue, bodyCount: sizeMax).check(bodyMax: bodyMax)
    bytes.append(addingCapacity: size) { output in
      for index in messages.indices {
        let count = messages[index].count
        FrameHeader(.mail, flags: flags, id: receiver.rawValue, bodyCount: count).encode(into: &output)
        unsafe messages[index].withUnsafeBytes { unsafe output.append(copying: $0) }
      }
    }
  }

  /// Appends `ack`, as several frames when it refuses more than one frame can tell.
  package mutating func ack(_ ack: Ack) throws(FrameError) {
    for part in ack.split(bodyMax: bodyMax) { try append(.ack, body: part.encoded().span) }
  }

  /// The same about mail to threads of another node.
  package mutating func ack(_ ack: Ack, of node: NodeSlot) throws(FrameError) {
    for part in ack.split(bodyMax: bodyMax) { try append(.ack, id: node.frameID, body: part.encoded().span) }
  }

  /// A client asks for the ack of all that it has sent to the threads of a node.
  package mutating func askForAck(of node: NodeSlot) throws(FrameError) {
    try append(.ack, id: node.frameID, body: [UInt8]().span)
  }

  /// A client asks for the ack of all that it has sent.
  package mutating func askForAck() throws(FrameError) { try append(.ack, body: [UInt8]().span) }

  package mutating func room(for receiver: ThreadID) throws(FrameError) {
    try append(.room, id: receiver.rawValue, body: [UInt8]().span)
  }
}
