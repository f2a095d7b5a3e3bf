internal import CLibuv

/// What there is below us.
package enum SystemFacts {
  /// Of the libuv that is linked: "1.44.2".
  package static var libuvVersion: String { unsafe String(cString: uv_version_string()) }

  /// Whether it is 1.44 or newer, of the same major version.
  package static var isLibuvKnown: Bool { uv_version() >= 1 << 16 | 44 << 8 && uv_version() < 2 << 16 }

  /// Throws unless a process can be held by a descriptor; pidfd_open(2).
  package static func requirePidfd() throws(LoopError) {
    try LoopError.check(heddle_try_pidfd(), "open a descriptor for a process")
  }
}
