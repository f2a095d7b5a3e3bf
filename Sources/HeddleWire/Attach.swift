internal import HeddleMessages
package import HeddleModel

/// One of a thread's streams of bytes.
package enum ThreadStream: UInt8, Hashable, Codable, Sendable, CaseIterable {
  /// From a client to the program.
  case standardInput = 1
  /// What the program writes from the attachment on.
  case standardOutput = 2
  case standardError = 3
  /// Standard output and standard error as they came, from an offset on.
  case log = 4
}

/// A client's wish for a stream of bytes.
package struct Attach: Hashable, Codable, Sendable {
  package enum Target: Hashable, Codable, Sendable {
    case thread(ThreadReference)
    /// The thread that this connection's spawn, sent before and not answered yet, is making.
    case spawn(RequestID)
  }

  package let target: Target
  package let stream: ThreadStream
  /// Of the log: the first byte that is wanted, counted from the thread's making; nil is what comes from now on.
  package let offset: UInt64?
  /// Of the two outputs: the program comes to wait rather than that bytes are lost.
  package let holdsProgram: Bool

  package init(_ stream: ThreadStream, of target: Target, from offset: UInt64? = nil, holdsProgram: Bool = false) {
    self.target = target
    self.stream = stream
    self.offset = offset
    self.holdsProgram = holdsProgram
  }
}

/// Where the next DATA of a stream begins.
package struct Attached: Hashable, Codable, Sendable {
  package let thread: ThreadID
  /// In bytes from the thread's making; for standard input, from the attachment.
  package let offset: UInt64

  package init(thread: ThreadID, offset: UInt64) {
    self.thread = thread
    self.offset = offset
  }
}

/// How many bytes of a stream the receiver of its DATA has taken so far, all in all. Not protobuf: a u64, big-endian.
package struct Taken: Hashable, Codable, Sendable {
  /// The size of the body, in bytes.
  static let count = MemoryLayout<UInt64>.size
  /// The most bytes that a stream's sender is ahead of what was taken.
  package static let creditMax = 256 << 10

  package let bytes: UInt64

  package init(bytes: UInt64) { self.bytes = bytes }

  /// - Parameter body: of a TAKEN frame, and so of the right size.
  package init(decoding body: [UInt8]) {
    precondition(body.count == Self.count, "a TAKEN frame's size is checked with its header")
    bytes = body.span.bigEndian(UInt64.self, at: 0)
  }

  package func encoded() -> [UInt8] {
    var body: [UInt8] = []
    body.append(bigEndian: bytes)
    return body
  }
}

// MARK: - On the wire

extension Attach {
  package init(decoding body: [UInt8]) throws(WireDecodingError) {
    let proto: ProtoAttach = try decodeBody(body, as: "Attach")
    let target: Target
    switch proto.target {
    case .thread(let thread): target = .thread(try ThreadReference(field: "attach.thread", thread))
    case .spawnRequest(0), nil: throw .missing(field: "attach.thread")
    case .spawnRequest(let request): target = .spawn(RequestID(rawValue: request))
    }
    self.init(
      try ThreadStream(field: "attach.stream", enumeration: proto.stream.rawValue),
      of: target,
      from: proto.hasOffset ? proto.offset : nil,
      holdsProgram: proto.holdsProgram
    )
  }

  package func encoded() -> [UInt8] {
    var proto = ProtoAttach()
    switch target {
    case .thread(let thread): proto.thread = thread.proto
    case .spawn(let request): proto.spawnRequest = request.rawValue
    }
    proto.stream = stream.proto
    if let offset { proto.offset = offset }
    proto.holdsProgram = holdsProgram
    return encodeBody(proto)
  }
}

extension Attached {
  package init(decoding body: [UInt8]) throws(WireDecodingError) {
    let proto: ProtoAttached = try decodeBody(body, as: "Attached")
    self.init(thread: try ThreadID(field: "attached.thread", proto.thread), offset: proto.offset)
  }

  package func encoded() -> [UInt8] {
    var proto = ProtoAttached()
    proto.thread = thread.rawValue
    proto.offset = offset
    return encodeBody(proto)
  }
}

extension ThreadStream {
  fileprivate var proto: ProtoByteStream {
    switch self {
    case .standardInput: .standardInput
    case .standardOutput: .standardOutput
    case .standardError: .standardError
    case .log: .log
    }
  }
}
