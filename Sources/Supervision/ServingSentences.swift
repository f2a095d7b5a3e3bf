internal import HeddleModel
internal import HeddleWire

// What is said of servers.

extension Sentences {
  static func cannotListen(_ address: ServerAddress, errno: Int32, _ reason: String) -> WireRefusal {
    let advice =
      switch (errno, address) {
      case (98, .unix): "remove the file if nobody listens there any more, or choose another path"  // EADDRINUSE
      case (98, .internet): "end what listens there, or choose another port; 0 is any that is free"
      case (13, .internet): "ports below 1024 are root's"  // EACCES
      case (13, .unix), (2, .unix): "the directory has to exist and to be writable for the daemon"  // ENOENT
      case (99, .internet): "heddle listens at addresses of this machine alone"  // EADDRNOTAVAIL
      default: ""
      }
    return WireRefusal(
      .cannotListen,
      attempted: "listen on",
      subject: "\(address)",
      reason: reason,
      advice: advice,
      errorNumber: errno
    )
  }

  /// For the daemon's own log.
  static func fellShort(_ server: String, _ reason: String) -> String {
    "\(server) accepts nobody for a moment, and tries again by itself: \(reason)"
  }
}
