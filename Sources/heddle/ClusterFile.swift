internal import Glibc
internal import HeddleClient
internal import Yams

/// The file that says which cluster a daemon is in, in YAML: `cluster`, `node`, `listen`, `peers`, `registrar` and `secret`, as
/// the options of `heddle daemon` have them.
enum ClusterFile {
  /// A longer one is some other file.
  private static let bytesMax = 1 << 20

  static func read(_ path: String) throws(Failure) -> ClusterWish {
    let text = try text(of: path)
    do { return try YAMLDecoder().decode(ClusterWish.self, from: text) } catch {
      throw Failure(
        .usage,
        "cannot use $HEDDLE_CLUSTER_FILE, \(path): \(error); it has to say cluster, registrar and secret, and may say "
          + "node, listen and peers (a list of NAME=ADDRESS)"
      )
    }
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
