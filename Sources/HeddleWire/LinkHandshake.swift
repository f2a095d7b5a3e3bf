internal import HeddleMessages
package import HeddleModel

/// Who one end of a link says it is, in LINK_HELLO and LINK_CHALLENGE.
package struct LinkHello: Hashable, Codable, Sendable {
  /// What this code speaks between supervisors.
  package static let supportedVersions: ClosedRange<UInt32> = 1...1
  /// The size of a nonce, in bytes.
  package static let nonceCount = 32

  package var versions: ClosedRange<UInt32>
  package var cluster: EntityName
  package var node: EntityName
  /// Which start of the node it is; never 0.
  package var incarnation: UInt64
  /// Of the node's membership; 0 while there is none.
  package var epoch: UInt64
  package var daemonVersion: String
  /// The longest body, in bytes, that the end will take; one of `BodyLimit.agreeable`.
  package var bodyMax: Int
  /// Chance, used once; of `nonceCount` bytes.
  package var nonce: [UInt8]

  package init(
    versions: ClosedRange<UInt32> = supportedVersions,
    cluster: EntityName,
    node: EntityName,
    incarnation: UInt64,
    epoch: UInt64 = 0,
    daemonVersion: String,
    bodyMax: Int = BodyLimit.usual,
    nonce: [UInt8]
  ) {
    self.versions = versions
    self.cluster = cluster
    self.node = node
    self.incarnation = incarnation
    self.epoch = epoch
    self.daemonVersion = daemonVersion
    self.bodyMax = bodyMax
    self.nonce = nonce
  }
}

/// What proves that one end of a link knows the cluster's secret: the HMAC-SHA256 of what both have said.
package struct LinkCode: Hashable, Codable, Sendable {
  /// Its size, in bytes.
  package static let count = 32

  package let bytes: [UInt8]

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Whether it is the same; takes as long whatever the difference is, so that nobody can find a code byte by byte.
  package func matches(_ other: LinkCode) -> Bool {
    guard bytes.count == other.bytes.count else { return false }
    return zip(bytes, other.bytes).reduce(into: UInt8(0)) { $0 |= $1.0 ^ $1.1 } == 0
  }
}

/// Which end of a link speaks.
package enum LinkRole: String, Sendable {
  case dialer
  case acceptor

  /// What this end's code is made of: "heddle link 1 dialer" or "heddle link 1 acceptor", and the bodies of both `LinkHello`,
  /// the dialer's first, each behind its length as a u32, big-endian.
  package func transcript(dialer: [UInt8], acceptor: [UInt8]) -> [UInt8] {
    var bytes = Array("heddle link 1 \(rawValue)".utf8)
    for hello in [dialer, acceptor] {
      bytes.append(bigEndian: UInt32(clamping: hello.count))
      bytes += hello
    }
    return bytes
  }
}

/// A client of the other end's, in CLIENT_OPEN.
package struct LinkClient: Hashable, Codable, Sendable {
  /// Who it is, for people: "pid 4170".
  package let peer: String
  /// The longest body, in bytes, that it will take; one of `BodyLimit.agreeable`.
  package let bodyMax: Int

  package init(peer: String, bodyMax: Int) {
    self.peer = peer
    self.bodyMax = bodyMax
  }
}

// MARK: - On the wire

extension LinkHello {
  package init(decoding body: [UInt8]) throws(WireDecodingError) {
    let proto: ProtoLinkHello = try decodeBody(body, as: "LinkHello")
    guard proto.versionMin != 0 else { throw .missing(field: "link_hello.version_min") }
    guard proto.versionMax >= proto.versionMin else {
      throw .outOfRange(field: "link_hello.version_max", number: UInt64(proto.versionMax))
    }
    guard proto.incarnation != 0 else { throw .missing(field: "link_hello.incarnation") }
    guard proto.nonce.count == Self.nonceCount else {
      throw .form(field: "link_hello.nonce", reason: "a nonce has \(Self.nonceCount) bytes")
    }
    self.init(
      versions: proto.versionMin...proto.versionMax,
      cluster: try EntityName(field: "link_hello.cluster", proto.cluster),
      node: try EntityName(field: "link_hello.node", proto.node),
      incarnation: proto.incarnation,
      epoch: proto.epoch,
      daemonVersion: proto.daemonVersion,
      bodyMax: try agreeable(proto.bodyMax, field: "link_hello.body_max"),
      nonce: [UInt8](proto.nonce)
    )
  }

  package func encoded() -> [UInt8] {
    var proto = ProtoLinkHello()
    proto.versionMin = versions.lowerBound
    proto.versionMax = versions.upperBound
    proto.cluster = cluster.text
    proto.node = node.text
    proto.incarnation = incarnation
    proto.epoch = epoch
    proto.daemonVersion = daemonVersion
    proto.bodyMax = UInt32(clamping: bodyMax)
    proto.nonce = nonce.wire()
    return encodeBody(proto)
  }
}

extension LinkClient {
  package init(decoding body: [UInt8]) throws(WireDecodingError) {
    let proto: ProtoLinkClient = try decodeBody(body, as: "LinkClient")
    self.init(peer: proto.peer, bodyMax: try agreeable(proto.bodyMax, field: "link_client.body_max"))
  }

  package func encoded() -> [UInt8] {
    var proto = ProtoLinkClient()
    proto.peer = peer
    proto.bodyMax = UInt32(clamping: bodyMax)
    return encodeBody(proto)
  }
}
