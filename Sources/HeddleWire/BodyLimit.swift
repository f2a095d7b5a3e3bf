/// How long a frame's body may be, in bytes.
package enum BodyLimit {
  /// Until the handshake has ended.
  package static let handshake = 4 << 10
  /// After it, unless the two ends agree on another.
  package static let usual = 1 << 20
  /// The most that two ends can agree on.
  package static let ceiling = 16 << 20
  /// What two ends can agree on.
  package static let agreeable = handshake...ceiling
}
