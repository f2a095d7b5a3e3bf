internal import ArgumentParser
internal import Daemon
internal import Glibc
internal import HeddleClient
internal import HeddleModel
internal import HeddleWire

/// `heddle daemon start`, which is also `heddle daemon`: the supervisor itself.
struct DaemonStart: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "start",
    abstract: "Run the supervisor, in the foreground, until it is told to end.",
    discussion: """
      heddle daemon
      heddle daemon --socket /tmp/me/a.sock
      heddle daemon --detach --state ~/heddle

      heddle daemon --cluster shed --node a --listen 127.0.0.1:7001 --peer b=127.0.0.1:7002 --registrar a --secret shed.key

      With --cluster it is a node of a cluster: its clients can name threads of the other nodes, as b/worker. Instead of \
      the options, $HEDDLE_CLUSTER_FILE can name a file in YAML with cluster, node, listen, peers, registrar and secret. What \
      goes over a link is not encrypted, so TCP is taken within this machine alone; to another one a link goes over a command: \
      --peer b=exec:'ssh b heddle link'. The secret's file has to be its owner's alone: openssl rand -hex 32.

      SIGTERM or SIGINT, and heddle daemon stop, ask every thread to end and give it 10 s; a second signal ends all at once. \
      However the daemon ends, also by SIGKILL, every process of its threads ends with it.

      Its own log goes to standard error. With --detach it goes to daemon.log in the state directory that --state names; \
      else in $HEDDLE_STATE_DIR, or in heddle below $XDG_STATE_HOME or ~/.local/state; of a socket that is not the default one \
      it is beside that, with .log behind its name.

      Started as a service it tells systemd, by $NOTIFY_SOCKET, when it is ready, and listens at the socket that systemd has \
      bound, if there is one in $LISTEN_FDS. The keeper is the program heddle-keeper beside this one, else in \
      ../libexec/heddle; $HEDDLE_KEEPER names another.
      """
  )

  @Flag(help: "Go on in the background; return when clients are let in, or with the reason why not.")
  var detach = false

  @Option(
    help: ArgumentHelp(
      "How a thread's processes are held together: auto is the first of the others that works.",
      valueName: "auto|cgroup|pidns|subreaper"
    )
  )
  var containment = DaemonConfiguration.Containment.auto

  @Option(
    help: ArgumentHelp(
      "Keep the threads' logs in files below this directory, too: five of 10 MiB for each name; and, on a cluster's registrar, its "
        + "journal, which without this is below $XDG_STATE_HOME/heddle.",
      valueName: "directory"
    )
  )
  var state: String?

  @Option(help: ArgumentHelp("Leave when nobody has used it for so long.", valueName: "duration", visibility: .hidden))
  var leaveAfter: DurationArgument?

  /// The pipe to whoever waits until this daemon, in the background, is ready.
  @Option(help: ArgumentHelp("", visibility: .hidden))
  var reportTo: Int32?

  @Flag(help: ArgumentHelp("End when standard input does, and remove the socket's directory.", visibility: .hidden))
  var lifeline = false

  @OptionGroup(title: "Cluster") var cluster: ClusterOptions

  @OptionGroup var place: SocketOption

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if output.json, !detach {
      throw ValidationError("In the foreground there is nothing to print; add --detach for --json.")
    }
  }

  /// Not asynchronous: the loop is to run on the main thread, since what that thread starts may end with it; see
  /// PR_SET_PDEATHSIG in prctl(2).
  func run() throws {
    if detach { return try startDetached() }
    let report = reportTo.map { StartReport(descriptor: $0) }
    defer { if lifeline { removeDirectory() } }
    let status: Int32
    do { status = try Daemon.serve(configuration(reportingTo: report)) } catch {
      let failure = Failure(any: error, at: place.location)
      report?.tell(failure.sentence)
      throw failure
    }
    throw ExitCode(status)
  }

  /// The directory was made for this daemon alone, and whoever made it may be dead.
  private func removeDirectory() {
    unsafe unlink("\(place.path).lock")
    unsafe rmdir(place.location.directory)
  }

  private func configuration(reportingTo report: StartReport?) throws -> DaemonConfiguration {
    let settings = try cluster.settings(named: Self.nodeName, state: state)
    var configuration = DaemonConfiguration(
      socketPath: place.path,
      keeperPath: try KeeperPath.find(),
      containment: containment,
      nodeName: settings?.node.text ?? cluster.node?.text ?? Self.nodeName,
      version: Version.text,
      endSignals: [SIGTERM, SIGINT, SIGHUP],
      stateDirectory: state,
      log: { line in
        report?.tell(line)
        if report == nil { Output.complain(line) } else { Output.writeError("\(Timestamp.now) \(line)\n") }
      }
    )
    configuration.cluster = settings
    configuration.leavesAfter = leaveAfter?.duration
    configuration.serviceManager = ServiceManager.takeFromEnvironment()
    configuration.onReady = { [lifeline] in
      report?.tellReady()
      // Not before: what it raises would end the process with no word, and leave the directory.
      if lifeline { Lifeline.hold() }
    }
    if report != nil { configuration.logPath = DetachedDaemon.logPath(at: place.location, state: state) }
    return configuration
  }

  private func startDetached() throws {
    // What is wrong with it is said here, before anything starts.
    _ = try cluster.settings(named: Self.nodeName, state: state)
    let daemon = DetachedDaemon(
      socket: place.location,
      containment: containment.rawValue,
      state: try state.map(DetachedDaemon.absolute),
      leaveAfter: leaveAfter?.duration,
      cluster: try cluster.arguments()
    )
    let pid = try daemon.start()
    output.write(
      json: WireJSON.daemonStarted(pid: pid, socket: place.path, log: daemon.logPath),
      "daemon \(pid)  listening on \(place.path)  (log \(daemon.logPath))\n"
    )
  }

  /// The first part of the machine's name, if it is a name of ours.
  private static var nodeName: String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard unsafe gethostname(&buffer, buffer.count - 1) == 0 else { return "local" }
    let name = String(decoding: buffer.prefix { $0 != 0 && $0 != 46 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    return name.isEmpty ? "local" : name
  }
}

extension DaemonConfiguration.Containment: ExpressibleByArgument {}
