package import Glibc

/// Where the daemon's socket is.
package struct SocketPath: Equatable, Sendable {
  package let text: String
  /// Whether nobody named it, so that its directory is heddle's own.
  package let isDefault: Bool

  package init(text: String, isDefault: Bool) {
    self.text = text
    self.isDefault = isDefault
  }

  /// The socket to use: `flag`, else `$HEDDLE_SOCKET`, else `default.sock` in heddle's directory, which is below
  /// `$XDG_RUNTIME_DIR`, or `/run/heddle` for root, or below `$TMPDIR`.
  ///
  /// - Parameter variable: the value of an environment variable, nil if it is not set or empty.
  package init(flag: String?, userID: UInt32 = getuid(), variable: (String) -> String? = Environment.value) {
    if let named = flag ?? variable("HEDDLE_SOCKET") {
      self.init(text: named, isDefault: false)
      return
    }
    let directory =
      if let runtime = variable("XDG_RUNTIME_DIR") {
        "\(runtime)/heddle"
      } else if userID == 0 {
        "/run/heddle"
      } else {
        "\(variable("TMPDIR") ?? "/tmp")/heddle-\(userID)"
      }
    self.init(text: "\(directory)/default.sock", isDefault: true)
  }

  /// The directory of a default path.
  package var directory: String { text.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } }
}

// MARK: - The directory

extension SocketPath {
  /// Why nobody can be sure that it is this user who listens at a default path: the directory is a link, or others may make
  /// sockets in it; nil if all is well. One that is not there is no danger.
  package var distrust: String? {
    guard isDefault else { return nil }
    var status = stat()
    guard unsafe lstat(directory, &status) == 0 else { return nil }
    return Self.distrust(status, userID: getuid())
  }

  package static func distrust(_ status: stat, userID: UInt32) -> String? {
    if status.st_mode & S_IFMT != S_IFDIR { return "it is no directory" }
    if status.st_uid != userID { return "it belongs to user \(status.st_uid)" }
    let mode = status.st_mode & 0o777
    if mode & 0o077 != 0 { return "its mode is \(String(mode, radix: 8)), and others have nothing to do there" }
    return nil
  }
}
