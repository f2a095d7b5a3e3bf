package import HeddleModel

// Watches and streams of bytes: one method per kind.

extension FrameWriter {
  package mutating func watch(_ event: StateEvent, id: WatchID) throws(FrameError) {
    try append(.watch, id: id.rawValue, body: event.encoded().span)
  }

  package mutating func fired(_ id: WatchID) throws(FrameError) { try append(.fired, empty: id.rawValue) }

  package mutating func unwatch(_ id: WatchID) throws(FrameError) { try append(.unwatch, empty: id.rawValue) }

  package mutating func attach(_ attach: Attach, id: StreamID) throws(FrameError) {
    try append(.attach, id: id.rawValue, body: attach.encoded().span)
  }

  package mutating func attached(_ attached: Attached, id: StreamID) throws(FrameError) {
    try append(.attach, id: id.rawValue, body: attached.encoded().span)
  }

  package mutating func data(_ bytes: Span<UInt8>, of stream: StreamID) throws(FrameError) {
    try append(.data, id: stream.rawValue, body: bytes)
  }

  package mutating func end(of stream: StreamID) throws(FrameError) { try append(.end, empty: stream.rawValue) }

  package mutating func close(_ stream: StreamID) throws(FrameError) { try append(.close, empty: stream.rawValue) }

  package mutating func taken(_ taken: Taken, of stream: StreamID) throws(FrameError) {
    try append(.taken, id: stream.rawValue, body: taken.encoded().span)
  }

  /// A frame without a body.
  private mutating func append(_ kind: FrameKind, empty id: UInt64) throws(FrameError) {
    try append(kind, id: id, body: [UInt8]().span)
  }
}
