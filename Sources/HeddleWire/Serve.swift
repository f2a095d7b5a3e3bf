internal import HeddleMessages

/// A server to be made: a thread that listens, and has a program started for each connection.
package struct Serve: Hashable, Codable, Sendable {
  /// Of the connections that are served at one time.
  package static let usualConnectionsMax = 256
  /// Of those that wait to be accepted.
  package static let usualBacklog = 1_024
  /// The descriptors that a connection may be, beside standard input and output.
  package static let descriptors = 3...255

  /// What is started for each connection. The name is the server's; nil is one made of its address.
  package var program: Spawn
  package var address: ServerAddress
  /// How long a connection has before it gets a break; after twice that it is ended. nil: it has all the time.
  package var connectionTimeout: Duration?
  /// At least 1.
  package var connectionsMax = Self.usualConnectionsMax
  /// At least 1.
  package var backlog = Self.usualBacklog
  /// The descriptor that is the connection; nil: it is standard input and standard output.
  package var descriptor: Int?

  package init(_ program: Spawn, at address: ServerAddress) {
    self.program = program
    self.address = address
  }
}

extension Serve {
  init(_ proto: ProtoServe) throws(WireDecodingError) {
    self.init(try Spawn(proto.program), at: try ServerAddress(field: "serve.address", proto.address))
    guard program.isPlain else {
      throw .form(
        field: "serve.program",
        reason: "a connection's program has no channel, and nothing that comes with one"
      )
    }
    if proto.hasConnectionTimeoutNs { connectionTimeout = Duration(wire: proto.connectionTimeoutNs) }
    if proto.connectionsMax != 0 { connectionsMax = Int(proto.connectionsMax) }
    if proto.backlog != 0 { backlog = Int(proto.backlog) }
    guard proto.descriptor != 0 else { return }
    guard Self.descriptors.contains(Int(proto.descriptor)) else {
      throw .outOfRange(field: "serve.descriptor", number: UInt64(proto.descriptor))
    }
    descriptor = Int(proto.descriptor)
  }

  var proto: ProtoServe {
    var proto = ProtoServe()
    proto.program = program.proto
    proto.address = address.proto
    if let connectionTimeout { proto.connectionTimeoutNs = connectionTimeout.wireNanoseconds }
    proto.connectionsMax = UInt32(clamping: connectionsMax)
    proto.backlog = UInt32(clamping: backlog)
    if let descriptor { proto.descriptor = UInt32(clamping: descriptor) }
    return proto
  }
}

extension Spawn {
  /// Whether it says nothing that a connection's program can't have.
  fileprivate var isPlain: Bool {
    channel == .none && !suspendToKill && mailboxBounds == nil && !stdinPipe && !nested && relay == nil
      && timeout == nil
      && !forget
  }
}
