package import Cluster
package import HeddleModel

/// The cluster that a supervisor is in, as its configuration has it.
package struct ClusterConfiguration: Sendable {
  /// Another node of the cluster.
  package struct Peer: Hashable, Sendable {
    package let name: EntityName
    /// Where it can be dialed; nil where only it dials.
    package let address: String?

    package init(name: EntityName, address: String?) {
      self.name = name
      self.address = address
    }
  }

  package let name: EntityName
  package let node: EntityName
  /// Where the other nodes can dial this one; empty if they can't but by its clients' socket.
  package let listening: String
  /// By name; not the node itself.
  package let peers: [Peer]
  /// The node that keeps what all have to agree on; one of the peers, or this one.
  package let registrar: EntityName
  /// The code of bytes that only those have who know the cluster's secret: HMAC-SHA256.
  package let code: @Sendable ([UInt8]) -> [UInt8]
  /// Where this supervisor is: one machine and one socket, whose lock it holds.
  package var seat: UInt64
  /// How long the lease on this node's stay lasts.
  package var terms = LeaseTerms.usual
  /// How long it can last: stopping everything in time takes one second of it.
  package static let leases: ClosedRange<Duration> = .seconds(2)...(.seconds(3_600))
  /// So many starts of other nodes can be linked during the life of the supervisor.
  package var slotsMax: UInt16 = .max

  package init(
    name: EntityName,
    node: EntityName,
    listening: String,
    peers: [Peer],
    registrar: EntityName,
    seat: UInt64 = 0,
    code: @escaping @Sendable ([UInt8]) -> [UInt8]
  ) {
    self.name = name
    self.node = node
    self.listening = listening
    self.peers = peers.sorted { $0.name < $1.name }
    self.registrar = registrar
    self.seat = seat
    self.code = code
  }
}

/// Chance, which the core does not have: it is given some, and takes of that.
struct Entropy: Equatable, Sendable {
  /// With less it wants more.
  static let wanted = 256
  private var bytes: [UInt8] = []

  var isLow: Bool { bytes.count < Self.wanted }

  mutating func add(_ more: [UInt8]) { bytes += more }

  /// So many bytes; nil if there are not as many.
  mutating func take(_ count: Int) -> [UInt8]? {
    guard bytes.count >= count else { return nil }
    defer { bytes.removeLast(count) }
    return Array(bytes.suffix(count))
  }

  /// A duration from half of `span` to all of it, so that those who were disappointed together do not come together again.
  mutating func jitter(_ span: Duration) -> Duration {
    let chance = take(1)?.first ?? 0
    return span / 2 + span / 2 * Int(chance) / 255
  }
}
