internal import Cluster
internal import HeddleModel
internal import HeddleWire

/// An open link to one start of another node.
struct Link: Sendable {
  /// Whom the frames concern that come next.
  enum Subject: Equatable, Sendable {
    /// The link itself.
    case link
    /// They are from this client of the other's.
    case guest(UInt64)
    /// They are for this client of ours.
    case client(ConnectionID)
  }

  /// How much waits to be written to it.
  enum Load: Comparable, Sendable {
    case light
    /// So much that mail is refused.
    case mail
    /// So much that all is.
    case all
  }

  let node: EntityName
  let slot: NodeSlot
  /// The longest body that it takes, in bytes.
  let bodyMax: Int
  var subject = Subject.link
  /// The connections here of the other's clients, by its numbers for them.
  var guests: [UInt64: ConnectionID] = [:]
  /// Those of them that mail has come from, and that are owed an ack when there are no more frames at hand.
  var touched: [ConnectionID] = []
  var load = Load.light
  /// Who was refused for its load, and is told when it is light again. In the order of the refusals.
  var awaitingRoom: [Awaiting] = []
  var pulse: LinkPulse
  /// What is done with what comes over it.
  var reception = Reception.refuse
  var held = HeldFrames()
  /// Whom the frames concern that are not taken, or not yet.
  var isUnseenForLink = true

  /// A client whose mail to a thread is held back.
  struct Awaiting: Hashable, Sendable {
    let client: ConnectionID
    let receiver: ThreadID
  }
}

/// Whether the other end of a link is there: it is asked every second, and when nothing was heard for two more it is not.
///
/// It is asked also while it is heard, since then our asking is how it hears us: its own may wait behind all that it says.
struct LinkPulse: Equatable, Sendable {
  enum Finding: Equatable {
    case alive
    /// Ask it.
    case silent
    case lost
  }

  private var askedAt: Instant?
  /// When to look next.
  private(set) var lookAt: Instant

  init(at now: Instant) {
    lookAt = now + Limits.linkPing
  }

  /// Something came from it.
  mutating func hear(at now: Instant) {
    guard askedAt != nil else { return }
    askedAt = nil
    lookAt = now + Limits.linkPing
  }

  /// It is asked, for a reason of ours.
  mutating func ask(at now: Instant) {
    askedAt = askedAt ?? now
    lookAt = now + Limits.linkPatience
  }

  /// It is time to look.
  mutating func look(at now: Instant) -> Finding {
    guard lookAt <= now else { return .alive }
    // Who did not run has not heard either: what was said meanwhile is still to be read.
    let isLate = now - lookAt > Limits.linkLateness
    if let asked = askedAt, !isLate {
      lookAt = asked + Limits.linkPatience
      return lookAt <= now ? .lost : .alive
    }
    askedAt = now
    lookAt = now + Limits.linkPatience
    return .silent
  }
}
