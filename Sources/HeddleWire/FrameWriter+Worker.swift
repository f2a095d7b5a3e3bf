package import HeddleModel

// What goes between a supervisor and a worker on its descriptor 3: one method per kind.

extension FrameWriter {
  package mutating func credit(_ taken: MailTotals) throws(FrameError) {
    try append(.credit, body: taken.encoded().span)
  }

  package mutating func `break`(_ kind: BreakKind, of worker: ThreadID) throws(FrameError) {
    try append(.break, id: worker.rawValue, body: [kind.rawValue].span)
  }

  package mutating func mailEnd(of worker: ThreadID) throws(FrameError) {
    try append(.mailEnd, id: worker.rawValue, body: [UInt8]().span)
  }

  package mutating func mark(_ mark: MarkID) throws(FrameError) {
    try append(.mark, id: mark.rawValue, body: [UInt8]().span)
  }
}

extension BreakKind {
  /// The size of a BREAK frame's body, in bytes.
  static var bodyCount: Int { 1 }

  /// The kind that a BREAK frame's body is.
  package init(decoding body: [UInt8]) throws(WireDecodingError) {
    try self.init(field: "break.kind", enumeration: Int(body.first ?? 0))
  }
}
