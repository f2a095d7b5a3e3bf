/// What a daemon is started with.
package struct DaemonConfiguration: Sendable {
  /// How the processes of a thread are held together, so that they can be ended as one.
  package enum Containment: String, CaseIterable, Sendable {
    /// The first of the others that works.
    case auto
    /// A cgroup v2 for each thread.
    case cgroup
    /// A PID namespace for each thread, whose init is a warden.
    case pidns
    /// A warden for each thread, to which its orphans fall.
    case subreaper
  }

  /// The Unix socket that clients connect to, an absolute path. Its directory is made if it is missing, and has to be
  /// its owner's alone.
  package var socketPath: String
  /// The executable `heddle-keeper`.
  package var keeperPath: String
  package var containment: Containment
  /// The supervisor's name: letters, digits, `.`, `_` and `-`.
  package var nodeName: String
  package var version: String
  /// The signals that tell it to end; the second one ends it at once. A program that hosts a daemon may want none.
  package var endSignals: [Int32]
  /// Where the threads' logs are kept on disk, below `logs`; made if it is missing. nil keeps them in memory alone.
  package var stateDirectory: String?
  /// The file that `log` writes to, to be told to clients; empty if it is standard error.
  package var logPath = ""
  /// Started because a client needed it, it leaves when nobody has used it for so long; nil stays.
  package var leavesAfter: Duration?
  /// The cluster that it is in; nil if it is in none.
  package var cluster: ClusterSettings?
  /// Who started it as a service, if somebody did.
  package var serviceManager: ServiceManager?
  /// Called once, when clients are let in.
  package var onReady: @Sendable () -> Void = {}
  /// Takes the daemon's own log, a line at a time, without a newline.
  package var log: @Sendable (String) -> Void

  package init(
    socketPath: String,
    keeperPath: String,
    containment: Containment = .auto,
    nodeName: String,
    version: String,
    endSignals: [Int32],
    stateDirectory: String? = nil,
    log: @escaping @Sendable (String) -> Void
  ) {
    self.socketPath = socketPath
    self.keeperPath = keeperPath
    self.containment = containment
    self.nodeName = nodeName
    self.version = version
    self.endSignals = endSignals
    self.stateDirectory = stateDirectory
    self.log = log
  }
}

/// Why a daemon could not start: what was attempted, on what, why not, and what to do.
package struct DaemonError: Error, CustomStringConvertible {
  package let description: String
  init(_ description: String) { self.description = description }
}
