internal import HeddleMessages

/// What is known at one moment of a thread that is a server.
package struct ServerInfo: Hashable, Codable, Sendable {
  /// Whether it accepts connections, and if not, why.
  package enum Stage: UInt8, Hashable, Codable, Sendable, CaseIterable {
    case listening = 1
    /// It has as many connections as it may: others wait.
    case full = 2
    /// Descriptors have run out, or processes: others wait until some are there again.
    case short = 3
    /// Others wait until it is resumed.
    case suspended = 4
    /// It does not listen any more.
    case closed = 5
  }

  /// The connections since it was made.
  package struct Counts: Hashable, Codable, Sendable {
    package var accepted: UInt64 = 0
    /// Of those accepted: still there after the time that they had.
    package var timedOut: UInt64 = 0
    /// Ended, rather than that they ended by themselves.
    package var killed: UInt64 = 0
    /// Their programs could not be started.
    package var failed: UInt64 = 0
    /// How often nothing could be accepted for a while.
    package var pauses: UInt64 = 0

    package init() {}
  }

  /// With the port that was chosen.
  package var address: ServerAddress
  package var stage: Stage
  /// Those that are served now.
  package var connections: Int
  package var connectionsMax: Int
  package var connectionTimeout: Duration?
  package var counts: Counts
  /// How many wait to be accepted; nil where that was not looked at, or the system does not say.
  package var waiting: Int?

  package init(
    address: ServerAddress,
    stage: Stage,
    connections: Int,
    connectionsMax: Int,
    connectionTimeout: Duration?,
    counts: Counts,
    waiting: Int? = nil
  ) {
    self.address = address
    self.stage = stage
    self.connections = connections
    self.connectionsMax = connectionsMax
    self.connectionTimeout = connectionTimeout
    self.counts = counts
    self.waiting = waiting
  }
}

extension ServerInfo {
  init(field: String, _ proto: ProtoServerInfo) throws(WireDecodingError) {
    self.init(
      address: try ServerAddress(field: "\(field).address", proto.address),
      stage: try Stage(field: "\(field).stage", enumeration: proto.stage.rawValue),
      connections: try Int(field: "\(field).connections", proto.connections),
      connectionsMax: try Int(field: "\(field).connections_max", proto.connectionsMax),
      connectionTimeout: proto.hasConnectionTimeoutNs ? Duration(wire: proto.connectionTimeoutNs) : nil,
      counts: Counts(proto),
      waiting: proto.hasWaiting ? try Int(field: "\(field).waiting", proto.waiting) : nil
    )
  }

  var proto: ProtoServerInfo {
    var proto = ProtoServerInfo()
    proto.address = address.proto
    proto.stage = ProtoServerStage(rawValue: Int(stage.rawValue)) ?? .unspecified
    proto.connections = UInt64(clamping: connections)
    proto.connectionsMax = UInt64(clamping: connectionsMax)
    if let connectionTimeout { proto.connectionTimeoutNs = connectionTimeout.wireNanoseconds }
    counts.fill(&proto)
    if let waiting { proto.waiting = UInt64(clamping: waiting) }
    return proto
  }
}

extension ServerInfo.Counts {
  fileprivate init(_ proto: ProtoServerInfo) {
    self.init()
    (accepted, timedOut, killed) = (proto.accepted, proto.timedOut, proto.killed)
    (failed, pauses) = (proto.failed, proto.pauses)
  }

  fileprivate func fill(_ proto: inout ProtoServerInfo) {
    (proto.accepted, proto.timedOut, proto.killed) = (accepted, timedOut, killed)
    (proto.failed, proto.pauses) = (failed, pauses)
  }
}
