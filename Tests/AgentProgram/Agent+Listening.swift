import Glibc

extension Agent {
  /// Listens at a path, takes one connection, and keeps both open for as long as the process lives.
  func listen(at words: Words) throws {
    let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: words.joined().utf8) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let isBound = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(listener, $0, size) == 0 }
    }
    guard isBound, Glibc.listen(listener, 1) == 0 else { return say("cannot listen: errno \(errno)") }
    say("listening")
    say(accept(listener, nil, nil) < 0 ? "cannot accept: errno \(errno)" : "connected")
  }
}
