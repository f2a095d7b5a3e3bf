internal import HeddleModel
internal import HeddleWire

/// Another node of the cluster, linked or not.
struct Neighbour: Equatable, Sendable {
  enum State: Equatable, Sendable {
    /// It is dialed then; never where its address is not known.
    case apart(dialAt: Instant?)
    /// It is being dialed, by this connection, up to the end of the greeting.
    case dialing(ConnectionID)
    case linked(ConnectionID, byOurDialing: Bool)
  }

  let name: EntityName
  let address: String?
  /// Whether this end is the one to dial when both could.
  let isOursToDial: Bool
  private(set) var state: State
  /// Since when it is linked, or is not.
  private(set) var since: Instant
  /// The start of it that was linked last, and what its ids begin with.
  var incarnation: UInt64?
  var slot: NodeSlot?
  var daemonVersion = ""
  /// Why it is not linked.
  private(set) var obstacle: Obstacle?
  private var pause = Limits.dialMin

  enum Obstacle: Equatable, Sendable {
    /// No stream could be made, or it has ended; in words.
    case stream(String)
    /// One of the two has refused the other.
    case refused(WireRefusal)
  }

  init(_ peer: ClusterConfiguration.Peer, of node: EntityName, now: Instant) {
    name = peer.name
    address = peer.address
    isOursToDial = node < peer.name
    since = now
    let first = isOursToDial ? now : now + Limits.dialPoliteness
    state = .apart(dialAt: peer.address == nil ? nil : first)
  }

  var link: ConnectionID? { if case .linked(let id, _) = state { id } else { nil } }

  /// When it is to be dialed; nil while it is not.
  var dialAt: Instant? { if case .apart(let instant) = state { instant } else { nil } }

  mutating func dialing(_ id: ConnectionID) { state = .dialing(id) }

  /// It is not dialed any more.
  mutating func rest() { if dialAt != nil { state = .apart(dialAt: nil) } }

  /// The attempt of `id` to dial it has come to nothing. No effect if it was not that one's turn.
  ///
  /// - Returns: whether anything is new about that.
  mutating func failed(_ id: ConnectionID, _ why: Obstacle, at now: Instant, _ entropy: inout Entropy) -> Bool {
    guard case .dialing(id) = state else { return false }
    if why.isHopeless {
      state = .apart(dialAt: now + entropy.jitter(Limits.dialHopeless * 2))
    } else {
      state = .apart(dialAt: now + entropy.jitter(pause))
      pause = min(pause * 2, Limits.dialMax)
    }
    return note(why)
  }

  /// It dialed, and was refused.
  ///
  /// - Returns: whether anything is new about that.
  mutating func note(_ why: Obstacle) -> Bool {
    guard link == nil else { return false }
    defer { obstacle = why }
    return obstacle != why
  }

  mutating func linked(by id: ConnectionID, at now: Instant) {
    if link == nil { since = now }
    state = .linked(id, byOurDialing: state == .dialing(id))
    obstacle = nil
    pause = Limits.dialMin
  }

  /// The link is lost.
  mutating func lost(_ reason: String, at now: Instant, _ entropy: inout Entropy) {
    obstacle = .stream(reason)
    since = now
    // Who has dialed the link does it again: the other end may not know where.
    let isOurs = if case .linked(_, byOurDialing: true) = state { true } else { isOursToDial }
    let wait = isOurs ? entropy.jitter(pause) : Limits.dialPoliteness
    state = .apart(dialAt: address == nil ? nil : now + wait)
  }
}

extension Neighbour.Obstacle {
  /// Whether nothing but another configuration can help.
  var isHopeless: Bool {
    guard case .refused(let refusal) = self else { return false }
    return [.wrongSecret, .wrongCluster, .unknownNode, .version].contains(refusal.code)
  }

  var text: String {
    switch self {
    case .stream(let reason): reason
    case .refused(let refusal): refusal.description
    }
  }
}
