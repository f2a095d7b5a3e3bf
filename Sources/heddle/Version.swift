/// The version of this program, which a client tells the daemon and the daemon its clients.
enum Version {
  static let text = "0.1.0"
  /// When it was made; ISO 8601.
  static let date = "2026-11-21"
}
