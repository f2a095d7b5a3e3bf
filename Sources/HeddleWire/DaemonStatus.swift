internal import HeddleMessages

/// What a supervisor says of itself.
package struct DaemonStatus: Hashable, Codable, Sendable {
  /// How many there are of what.
  package struct Counts: Hashable, Codable, Sendable {
    package var livingThreads: Int
    /// Dead threads that are still remembered.
    package var deadThreads: Int
    package var custodians: Int
    package var connections: Int

    package init(livingThreads: Int, deadThreads: Int, custodians: Int, connections: Int) {
      self.livingThreads = livingThreads
      self.deadThreads = deadThreads
      self.custodians = custodians
      self.connections = connections
    }
  }

  package let pid: Int32
  package let version: String
  package let socketPath: [UInt8]
  package let node: String
  package let incarnation: UInt64
  package let uptime: Duration
  package let counts: Counts
  /// How process trees are held together: "cgroup", "pidns" or "subreaper"; empty until the keeper has said so.
  package let containment: String
  /// The directory of cgroups in which the trees are; empty on another rung.
  package var containmentPlace = ""
  /// Why better rungs were passed over, as a clause; empty when none was.
  package var containmentReasons = ""
  /// It was started by a client that needed one, and leaves when nobody has used it for so long; nil for one that stays.
  package var leavesAfter: Duration?
  /// The file that its own log goes to; empty if that is standard error.
  package var logPath: [UInt8] = []

  package init(
    pid: Int32,
    version: String,
    socketPath: [UInt8],
    node: String,
    incarnation: UInt64,
    uptime: Duration,
    counts: Counts,
    containment: String
  ) {
    self.pid = pid
    self.version = version
    self.socketPath = socketPath
    self.node = node
    self.incarnation = incarnation
    self.uptime = uptime
    self.counts = counts
    self.containment = containment
  }
}

extension DaemonStatus {
  init(_ proto: ProtoDaemonStatus) throws(WireDecodingError) {
    self.init(
      pid: try Int32(field: "daemon_status.pid", proto.pid),
      version: proto.version,
      socketPath: [UInt8](proto.socketPath),
      node: proto.node,
      incarnation: proto.incarnation,
      uptime: Duration(wire: proto.uptimeNs),
      counts: Counts(
        livingThreads: try Int(field: "daemon_status.living_threads", proto.livingThreads),
        deadThreads: try Int(field: "daemon_status.dead_threads", proto.deadThreads),
        custodians: try Int(field: "daemon_status.custodians", proto.custodians),
        connections: try Int(field: "daemon_status.connections", proto.connections)
      ),
      containment: proto.containment
    )
    containmentPlace = proto.containmentPlace
    containmentReasons = proto.containmentReasons
    leavesAfter = proto.hasLeavesAfterNs ? Duration(wire: proto.leavesAfterNs) : nil
    logPath = [UInt8](proto.logPath)
  }

  var proto: ProtoDaemonStatus {
    var proto = ProtoDaemonStatus()
    proto.pid = UInt32(clamping: pid)
    proto.version = version
    proto.socketPath = socketPath.wire()
    proto.node = node
    proto.incarnation = incarnation
    proto.uptimeNs = uptime.wireNanoseconds
    proto.livingThreads = UInt64(clamping: counts.livingThreads)
    proto.deadThreads = UInt64(clamping: counts.deadThreads)
    proto.custodians = UInt64(clamping: counts.custodians)
    proto.connections = UInt64(clamping: counts.connections)
    proto.containment = containment
    proto.containmentPlace = containmentPlace
    proto.containmentReasons = containmentReasons
    if let leavesAfter { proto.leavesAfterNs = leavesAfter.wireNanoseconds }
    proto.logPath = logPath.wire()
    return proto
  }
}
