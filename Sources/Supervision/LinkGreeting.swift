internal import HeddleModel
internal import HeddleWire

/// One end of a link until both ends believe each other.
///
/// The dialer says LINK_HELLO. The acceptor answers with its own hello and a code of both that only who knows the secret can
/// make; the dialer gives its code, and the acceptor says LINK_OPEN. Nothing that either says of itself has an effect, but for
/// which version and cluster it is about, before its code was found right.
struct LinkGreeting: Equatable, Sendable {
  enum State: Equatable, Sendable {
    /// The stream is being made, and nothing was said.
    case dialing
    /// LINK_HELLO was said, in these bytes; LINK_CHALLENGE is to come.
    case said([UInt8])
    /// The acceptor is who it says, and was shown that this end is; LINK_OPEN is to come.
    case proved(LinkHello)
    /// LINK_CHALLENGE was said to a dialer that says it is this one; LINK_PROOF is to come, and has to be this one.
    case challenged(LinkHello, LinkCode)
    /// The dialer is who it says. It is let in at `until` unless the link that there is shows that it works.
    case onTrial(LinkHello, until: Instant)
  }

  /// Whom it was that was dialed; nil of the acceptor's end.
  let dialed: EntityName?
  var state: State
  /// When it has to be over.
  let until: Instant

  // MARK: - The acceptor's end

  /// A dialer has said hello, in the bytes `body`.
  ///
  /// - Parameter own: what to say of oneself.
  /// - Returns: the greeting, and what to answer: LINK_CHALLENGE.
  static func accept(
    _ body: [UInt8],
    as own: LinkHello,
    _ configuration: ClusterConfiguration,
    until: Instant
  ) throws(WireRefusal) -> (LinkGreeting, code: LinkCode, hello: [UInt8]) {
    let theirs = try decode(body)
    try requireCommon(theirs, own, "accept")
    let hello = own.encoded()
    let transcript = { (role: LinkRole) in role.transcript(dialer: body, acceptor: hello) }
    let expected = LinkCode(configuration.code(transcript(.dialer)))
    let greeting = LinkGreeting(dialed: nil, state: .challenged(theirs, expected), until: until)
    return (greeting, LinkCode(configuration.code(transcript(.acceptor))), hello)
  }

  /// The dialer has given its code.
  ///
  /// - Returns: who it is.
  func checkProof(_ code: LinkCode, _ configuration: ClusterConfiguration) throws(WireRefusal) -> LinkHello {
    guard case .challenged(let theirs, let expected) = state else { throw Sentences.linkOutOfPlace(.linkProof) }
    guard code.matches(expected) else { throw Sentences.wrongSecret("accept a link from", "\(theirs.node)") }
    guard theirs.node != configuration.node else { throw Sentences.ownName(theirs.node) }
    guard configuration.peers.contains(where: { $0.name == theirs.node }) else {
      throw Sentences.strangeNode(theirs.node, configuration)
    }
    return theirs
  }

  // MARK: - The dialer's end

  /// The acceptor has answered, with a code and the bytes of its hello.
  ///
  /// - Returns: who it is, and the code to give it.
  func checkChallenge(
    _ code: LinkCode,
    _ body: [UInt8],
    as own: LinkHello,
    _ configuration: ClusterConfiguration
  ) throws(WireRefusal) -> (LinkHello, LinkCode) {
    guard case .said(let hello) = state, let dialed else { throw Sentences.linkOutOfPlace(.linkChallenge) }
    let theirs = try Self.decode(body)
    try Self.requireCommon(theirs, own, "dial")
    let transcript = { (role: LinkRole) in role.transcript(dialer: hello, acceptor: body) }
    guard code.matches(LinkCode(configuration.code(transcript(.acceptor)))) else {
      throw Sentences.wrongSecret("dial", "\(dialed)")
    }
    guard theirs.node == dialed else { throw Sentences.anotherNode(theirs.node, dialed: dialed) }
    return (theirs, LinkCode(configuration.code(transcript(.dialer))))
  }

  // MARK: - Shared

  private static func decode(_ body: [UInt8]) throws(WireRefusal) -> LinkHello {
    do throws(WireDecodingError) { return try LinkHello(decoding: body) } catch { throw WireRefusal(error) }
  }

  /// Throws unless the two ends speak a common version, and are of one cluster.
  private static func requireCommon(
    _ theirs: LinkHello,
    _ own: LinkHello,
    _ attempted: String
  ) throws(WireRefusal) {
    guard theirs.versions.overlaps(own.versions) else { throw Sentences.noSharedLinkVersion(theirs, attempted) }
    guard theirs.cluster == own.cluster else { throw Sentences.wrongCluster(theirs, own.cluster, attempted) }
  }
}
