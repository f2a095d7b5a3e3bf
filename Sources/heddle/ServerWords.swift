internal import HeddleWire

/// A server and its connections, in words for people.
enum ServerWords {
  /// "listening on 127.0.0.1:7000, 3 of 256 connections"
  static func summary(_ server: ServerInfo) -> String {
    "\(stage(server)), \(server.connections) of \(server.connectionsMax) connections"
  }

  /// As labelled lines.
  static func entries(_ server: ServerInfo) -> [(label: String, text: String)] {
    let counts = server.counts
    let waiting = server.waiting.map { ", \($0) waiting" } ?? ""
    return [
      ("server", stage(server)),
      ("connections", "\(server.connections) of \(server.connectionsMax)\(waiting)"),
      ("conn timeout", server.connectionTimeout?.spelled ?? ""),
      ("accepted", "\(counts.accepted)"),
      ("timed out", "\(counts.timedOut)"),
      ("killed", "\(counts.killed)"),
      ("not started", "\(counts.failed)"),
      ("pauses", counts.pauses == 0 ? "" : "\(counts.pauses)"),
    ]
  }

  private static func stage(_ server: ServerInfo) -> String {
    switch server.stage {
    case .listening: "listening on \(server.address)"
    case .full: "full, on \(server.address)"
    case .short: "pausing for want of descriptors or processes, on \(server.address)"
    case .suspended: "accepting nobody while suspended, on \(server.address)"
    case .closed: "no longer listening on \(server.address)"
    }
  }
}
