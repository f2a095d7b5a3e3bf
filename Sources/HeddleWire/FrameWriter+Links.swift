// What goes between two supervisors: one method per kind.

extension FrameWriter {
  package mutating func linkHello(_ hello: LinkHello) throws(FrameError) {
    try append(.linkHello, body: hello.encoded().span)
  }

  /// - Parameter hello: the body of the acceptor's own `LinkHello`, as it is in the transcript.
  package mutating func linkChallenge(_ code: LinkCode, _ hello: [UInt8]) throws(FrameError) {
    try append(.linkChallenge, body: (code.bytes + hello).span)
  }

  package mutating func linkProof(_ code: LinkCode) throws(FrameError) {
    try append(.linkProof, body: code.bytes.span)
  }

  package mutating func linkOpen() throws(FrameError) { try append(.linkOpen, body: [UInt8]().span) }

  package mutating func ping() throws(FrameError) { try append(.ping, body: [UInt8]().span) }

  package mutating func pong() throws(FrameError) { try append(.pong, body: [UInt8]().span) }

  package mutating func clientOpen(_ client: LinkClient, number: UInt64) throws(FrameError) {
    try append(.clientOpen, id: number, body: client.encoded().span)
  }

  package mutating func client(_ number: UInt64) throws(FrameError) {
    try append(.client, id: number, body: [UInt8]().span)
  }

  package mutating func clientClose(_ number: UInt64) throws(FrameError) {
    try append(.clientClose, id: number, body: [UInt8]().span)
  }

  package mutating func answer(to number: UInt64) throws(FrameError) {
    try append(.answer, id: number, body: [UInt8]().span)
  }

  /// Something between a node and the one that keeps what all agree on.
  ///
  /// - Parameter id: the request's.
  package mutating func coordinator(_ kind: FrameKind, id: UInt64, _ body: [UInt8]) throws(FrameError) {
    try append(kind, id: id, body: body.span)
  }
}

extension Frame {
  /// The code, and the body of the `LinkHello`, that a LINK_CHALLENGE is.
  package var challenge: (code: LinkCode, hello: [UInt8]) {
    (LinkCode(Array(body.prefix(LinkCode.count))), Array(body.dropFirst(LinkCode.count)))
  }
}
