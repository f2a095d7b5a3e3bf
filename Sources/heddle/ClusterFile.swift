internal import Glibc
internal import HeddleClient
internal import Yams

/// The file that says which cluster a daemon is in, in YAML: `cluster`, `node`, `listen`, `peers`, `registrar`, `secret` and `lease`, as
/// the options of `heddle daemon` have them.
enum ClusterFile {
  /// A longer one is some other file.
  private static let bytesMax = 1 << 20

  static func read(_ path: String) throws(Failure) -> ClusterWish {
    let text = try text(of: path)
    do {
      try requireKnownKeys(text)
      var wish = try YAMLDecoder().decode(ClusterWish.self, from: text)
      // Where it stands, not where the daemon was started.
      if let secret = wish.secret, !secret.hasPrefix("/"), let end = path.lastIndex(of: "/") {
        wish.secret = String(path[...end]) + secret
      }
      return wish
    } catch {
      throw Failure(
        .usage,
        "cannot use $HEDDLE_CLUSTER_FILE, \(path): \(error); it has to say cluster, registrar and secret, and may say "
          + "node, listen, lease and peers (a list of NAME=ADDRESS)"
      )
    }
  }

  private struct UnknownKey: Error, CustomStringConvertible {
    let key: String
    var description: String { "it says '\(key)', which means nothing here" }
  }

  /// Throws for a key that would be passed over, and is perhaps another one misspelt.
  private static func requireKnownKeys(_ text: String) throws {
    let known: Set = ["cluster", "node", "listen", "peers", "registrar", "secret", "lease"]
    guard case .mapping(let mapping)? = try Yams.compose(yaml: text) else { return }
    for key in mapping.keys.compactMap(\.string) where !known.contains(key) { throw UnknownKey(key: key) }
  }

  private static func text(of path: String) throws(Failure) -> String {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      throw Failure(.usage, "cannot read $HEDDLE_CLUSTER_FILE, \(path): \(SystemError.text(errno))")
    }
    defer { close(file) }
    var (bytes, count) = ([UInt8](repeating: 0, count: bytesMax), 0)
    while count < bytes.count {
      let more = unsafe bytes[count...].withUnsafeMutableBytes { unsafe Glibc.read(file, $0.baseAddress, $0.count) }
      guard more > 0 else { break }
      count += more
    }
    return String(decoding: bytes[..<count], as: UTF8.self)
  }
}
