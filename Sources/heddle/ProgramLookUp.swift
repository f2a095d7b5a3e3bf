internal import Glibc
internal import HeddleClient
internal import HeddleWire

/// Where a program is, as execvp(3) finds it: for those who start it later, and want to know now.
enum ProgramLookUp {
  /// What execvp(3) takes where there is no PATH.
  private static let usualPath = "/bin:/usr/bin"

  /// - Throws: a `Failure` with the status that a shell has for a program that can't be started.
  static func check(_ spawn: Spawn) throws(Failure) {
    let name = String(decoding: spawn.argv.first ?? [], as: UTF8.self)
    let directory = String(decoding: spawn.cwd, as: UTF8.self)
    let isPath = name.utf8.contains(UInt8(ascii: "/"))
    var reason: Int32 = ENOENT
    for place in isPath ? [""] : path(of: spawn).split(separator: ":", omittingEmptySubsequences: false) {
      let file = place.isEmpty ? name : "\(place)/\(name)"
      let error = cannotExecute(file.hasPrefix("/") ? file : "\(directory)/\(file)")
      if error == 0 { return }
      if error != ENOENT, error != ENOTDIR { reason = error }
    }
    let place = isPath ? "" : " in PATH"
    throw Failure(
      reason == ENOENT ? .notFound : .notExecutable,
      "cannot start \(name): \(reason == ENOENT ? "there is no such program\(place)" : SystemError.text(reason))"
    )
  }

  private static func path(of spawn: Spawn) -> String {
    let prefix = "PATH="
    let variable = spawn.environment.last { $0.starts(with: prefix.utf8) }
    return variable.map { String(decoding: $0.dropFirst(prefix.utf8.count), as: UTF8.self) } ?? usualPath
  }

  /// - Returns: why a file can't be executed, as errno(3); 0 if it can.
  private static func cannotExecute(_ file: String) -> Int32 {
    var status = stat()
    guard unsafe stat(file, &status) == 0 else { return errno }
    guard status.st_mode & S_IFMT == S_IFREG else { return EACCES }
    return unsafe access(file, X_OK) == 0 ? 0 : errno
  }
}
