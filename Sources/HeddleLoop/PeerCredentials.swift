internal import CLibuv

/// Who was at the other end of a Unix socket when the connection was made: the kernel's word, not the peer's.
package struct PeerCredentials: Equatable, Sendable {
  package let pid: Int32
  package let uid: UInt32
  package let gid: UInt32
}

extension ByteStream {
  /// Who connected, or listens (SO_PEERCRED, unix(7)).
  ///
  /// - Throws: a `LoopError` for anything but a connected Unix socket.
  package func peerCredentials() throws(LoopError) -> PeerCredentials {
    let attempt = "find out who is behind \(name)"
    var peer = heddle_peer_credentials()
    try unsafe LoopError.check(heddle_get_peer_credentials(descriptor(attempt), &peer), attempt)
    return PeerCredentials(pid: peer.pid, uid: peer.uid, gid: peer.gid)
  }
}
