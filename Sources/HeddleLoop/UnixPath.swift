// Whichever of the two modules the compiler reads first has the constants of sockets.
internal import CLibuv
internal import Glibc

/// The path of a Unix socket, known to fit into an address (unix(7)).
struct UnixPath {
  /// `sun_path` has room for 108 bytes, one of them the terminator.
  static let bytesMax = 107

  let string: String

  /// - Throws: ENAMETOOLONG if `path` is longer than 107 bytes, EINVAL if it is empty or has a NUL in it. libuv would
  ///   cut the first silently.
  init(_ path: String, attempt: @autoclosure () -> String) throws(LoopError) {
    let length = path.utf8.count
    guard length <= Self.bytesMax else {
      let advice =
        "a socket's path can be \(Self.bytesMax) bytes long, and this one has \(length); choose a shorter one"
      throw LoopError(code: ENAMETOOLONG, attempt: attempt(), advice: advice)
    }
    guard length > 0, !path.utf8.contains(0) else {
      throw LoopError(code: EINVAL, attempt: attempt(), advice: "a socket's path is not empty and has no NUL in it")
    }
    string = path
  }

  /// Calls `body` with the address of the path.
  func withAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: string.utf8) }
    return unsafe withUnsafeBytes(of: &address) { bytes in
      // The buffer is as long as the address, so it has a base.
      let base = unsafe bytes.baseAddress.unsafelyUnwrapped
      return unsafe body(base.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
    }
  }
}

/// A socket bound to a path by us, and the file that this made.
struct BoundSocket {
  let path: UnixPath
  let descriptor: Int32
  private let device: dev_t
  private let inode: ino_t

  /// Makes a socket file that only its owner may connect to (mode 0600).
  ///
  /// The mode is that of the socket before the bind (Linux, `unix_bind`), so that the process's umask, which other
  /// threads share, need not be touched; and nobody else can connect for even a moment.
  init(_ path: UnixPath, attempt: String) throws(LoopError) {
    let flags = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
    let descriptor = try Self.check(socket(AF_UNIX, Int32(flags), 0), attempt)
    do throws(LoopError) {
      try Self.check(fchmod(descriptor, 0o600), attempt)
      try Self.check(unsafe path.withAddress { unsafe bind(descriptor, $0, $1) }, attempt)
      var status = stat()
      try Self.check(unsafe lstat(path.string, &status), attempt)
      self.path = path
      self.descriptor = descriptor
      device = status.st_dev
      inode = status.st_ino
    } catch {
      Glibc.close(descriptor)
      throw error
    }
  }

  /// Removes the file, if it is still the one that the bind made; another's stays.
  func unlink() {
    var status = stat()
    guard unsafe lstat(path.string, &status) == 0, status.st_dev == device, status.st_ino == inode else { return }
    unsafe Glibc.unlink(path.string)
  }

  @discardableResult
  private static func check(_ result: Int32, _ attempt: String) throws(LoopError) -> Int32 {
    guard result < 0 else { return result }
    throw LoopError(code: errno, attempt: attempt)
  }
}
