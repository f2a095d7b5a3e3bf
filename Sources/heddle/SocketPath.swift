internal import Glibc

/// Where the daemon's socket is.
struct SocketPath: Equatable {
  let text: String
  /// Whether nobody named it, so that its directory is heddle's own.
  let isDefault: Bool

  init(text: String, isDefault: Bool) {
    self.text = text
    self.isDefault = isDefault
  }

  /// The socket to use: `flag`, else `$HEDDLE_SOCKET`, else `default.sock` in heddle's directory, which is below
  /// `$XDG_RUNTIME_DIR`, or `/run/heddle` for root, or below `$TMPDIR`.
  ///
  /// - Parameter variable: the value of an environment variable, nil if it is not set or empty.
  init(flag: String?, userID: UInt32 = getuid(), variable: (String) -> String? = Environment.value) {
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
  var directory: String { text.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } }
}

// MARK: - The directory

extension SocketPath {
  /// Makes sure that whoever listens at a default path is this user.
  ///
  /// - Throws: why the directory can't be trusted: it is a link, or others may make sockets in it. One that is not there
  ///   is no danger.
  func checkDirectory() throws(Failure) {
    guard isDefault else { return }
    var status = stat()
    guard unsafe lstat(directory, &status) == 0 else { return }
    if let reason = Self.distrust(status, userID: getuid()) {
      throw Failure(
        .permission,
        "cannot use directory \(directory): \(reason); remove it, or name a socket with --socket"
      )
    }
  }

  static func distrust(_ status: stat, userID: UInt32) -> String? {
    if status.st_mode & S_IFMT != S_IFDIR { return "it is no directory" }
    if status.st_uid != userID { return "it belongs to user \(status.st_uid)" }
    let mode = status.st_mode & 0o777
    if mode & 0o077 != 0 { return "its mode is \(String(mode, radix: 8)), and others have nothing to do there" }
    return nil
  }
}
