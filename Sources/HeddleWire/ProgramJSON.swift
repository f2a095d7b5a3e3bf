internal import HeddleMessages

extension WireJSON {
  /// What a program of this version says of itself.
  package static func version(_ version: String) -> String {
    var words = ProtoProgramVersion()
    words.version = version
    words.protocolMin = Hello.supportedVersions.lowerBound
    words.protocolMax = Hello.supportedVersions.upperBound
    return object(words)
  }

  /// A daemon was started in the background.
  package static func daemonStarted(pid: Int32, socket: String, log: String) -> String {
    var words = ProtoDaemonStarted()
    words.pid = UInt32(clamping: pid)
    words.socket = socket
    words.log = log
    return object(words)
  }

  /// A daemon is gone.
  package static func daemonGone(pid: Int32, took: Duration) -> String {
    var words = ProtoDaemonGone()
    words.pid = UInt32(clamping: pid)
    words.tookNs = took.wireNanoseconds
    return object(words)
  }
}
