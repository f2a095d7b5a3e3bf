// The bounds of links.

extension Limits {
  /// After so much silence the other end of a link is asked whether it is there.
  package static let linkPing = Duration.seconds(1)
  /// After so much more the link is lost.
  package static let linkPatience = Duration.seconds(2)
  /// A clock that is so late says that the supervisor itself did not run.
  package static let linkLateness = Duration.milliseconds(500)
  /// A link whose place a new one wants to take has so long to show that it works.
  package static let linkTrial = Duration.milliseconds(500)
  /// Between two attempts to dial: at first, at most, and where only a change of configuration can help.
  package static let dialMin = Duration.milliseconds(100)
  package static let dialMax = Duration.seconds(5)
  package static let dialHopeless = Duration.seconds(30)
  /// The node whose name is the greater leaves the dialing to the other for so long.
  package static let dialPoliteness = Duration.milliseconds(500)
  /// What clients of another node have in sessions ends so long after its link is back, if they have not come back with it.
  package static let sessionReclaim = Duration.seconds(10)
  /// So much may come over a link before the stay is known that it is from.
  package static let linkHeldBytesMax = 8 << 20
  /// When so many bytes wait to be written to a link, mail to it is refused as to a full mailbox, until there are half as
  /// many; and when there are so many more, requests too.
  package static let linkMailBytesMax = 4 << 20
  package static let linkBytesMax = 16 << 20
  /// A link to which more waits to be written is closed.
  package static let linkBytesCeiling = 64 << 20
  /// The clients of one node that speak over one link.
  package static let linkClientsMax = 10_000
  /// So many connections may be about to become links and have not shown who they are.
  package static let linkGreetingsMax = 64
}
