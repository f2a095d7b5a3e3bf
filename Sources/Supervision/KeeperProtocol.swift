/// What daemon and keeper must agree on. `Sources/HeddleKeeper/protocol.h` describes the protocol byte by byte.
package enum KeeperProtocol {
  package static let version: UInt32 = 5
  /// Must be the same in daemon and keeper: both are parts of one build.
  package static let buildID = "heddle 0.1.0"
  /// The error number of a start that something cut short: ETIMEDOUT.
  package static let cutShort: Int32 = 110
  /// The largest value of a request's length field, in bytes: what the kernel takes for argv and environment (ARG_MAX).
  package static let requestBytesMax = 2 << 20
  /// The largest whole frame of a report, in bytes.
  package static let reportBytesMax = 4096
}
