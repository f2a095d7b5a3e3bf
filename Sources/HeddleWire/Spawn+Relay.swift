internal import HeddleMessages

extension Spawn {
  /// A thread that gets another one's lines as mail.
  package struct Relay: Hashable, Codable, Sendable {
    package let to: ThreadReference
    /// Whether the end of the lines is announced as the end of its mail.
    package let passesEnd: Bool

    package init(to: ThreadReference, passesEnd: Bool = false) {
      self.to = to
      self.passesEnd = passesEnd
    }
  }
}

extension Spawn.Relay {
  /// nil when the lines go nowhere else.
  init?(_ proto: ProtoSpawn) throws(WireDecodingError) {
    guard proto.hasRelayTo else {
      if proto.relayEnd { throw .missing(field: "spawn.relay_to") }
      return nil
    }
    self.init(to: try ThreadReference(field: "spawn.relay_to", proto.relayTo), passesEnd: proto.relayEnd)
  }
}
