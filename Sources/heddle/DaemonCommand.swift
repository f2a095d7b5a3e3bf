internal import ArgumentParser
internal import Daemon
internal import Glibc

/// `heddle daemon`: the supervisor, in the foreground.
struct DaemonCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "daemon",
    abstract: "Run the supervisor, in the foreground, until it is told to end.",
    discussion: """
      EXAMPLES
        heddle daemon                            # on the usual socket
        heddle daemon --socket /tmp/me/a.sock    # on another

      SIGTERM or SIGINT asks every thread to end and gives it 10 s; a second one ends all at once. However the daemon
      ends, also by SIGKILL, every process of its threads ends with it.

      The keeper is the program heddle-keeper beside this one, else in ../libexec/heddle; $HEDDLE_KEEPER names another.
      """
  )

  @Option(
    help: ArgumentHelp(
      "How a thread's processes are held together: auto is the first of the others that works.",
      valueName: "auto|cgroup|pidns|subreaper"
    )
  )
  var containment = DaemonConfiguration.Containment.auto

  @OptionGroup var place: SocketOption

  @Option(
    help: ArgumentHelp(
      "Keep the threads' logs in files below this directory, too: five of 10 MiB for each name.",
      valueName: "directory"
    )
  )
  var state: String?

  func run() throws {
    let configuration = DaemonConfiguration(
      socketPath: place.path,
      keeperPath: try KeeperPath.find(),
      containment: containment,
      nodeName: Self.nodeName,
      version: Version.text,
      endSignals: [SIGTERM, SIGINT, SIGHUP],
      stateDirectory: state,
      log: { line in Output.complain(line) }
    )
    throw ExitCode(try Daemon.serve(configuration))
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
