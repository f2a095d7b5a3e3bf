internal import Glibc
internal import HeddleClient

/// The directory that a program starts in.
enum WorkingDirectory {
  /// - Parameters:
  ///   - named: as the caller names it; nil is the caller's own.
  ///   - directory: the caller's.
  /// - Throws: a `Failure` for what is no directory, so that it is not taken for a missing program.
  static func path(_ named: String?, from directory: [UInt8]) throws(Failure) -> [UInt8] {
    guard let named else { return directory }
    var status = stat()
    guard unsafe stat(named, &status) == 0 else {
      throw Failure(.usage, "cannot use \(named) for --cwd: \(SystemError.text(errno))")
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw Failure(.usage, "cannot use \(named) for --cwd: it is no directory")
    }
    return named.hasPrefix("/") ? Array(named.utf8) : directory + [UInt8(ascii: "/")] + Array(named.utf8)
  }
}
