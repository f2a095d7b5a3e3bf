internal import Glibc
internal import HeddleClient
internal import HeddleLoop

/// A daemon in the background: a session of its own, standard input from /dev/null, and its output in a log file.
struct DetachedDaemon {
  let socket: SocketPath
  var containment = "auto"
  var state: String?
  /// It leaves when nobody has used it for so long; nil stays.
  var leaveAfter: Duration?
  /// The options that say which cluster it is in.
  var cluster: [String] = []

  /// How long it may take until it is ready: what a dead daemon has left is ended first.
  private static let readyMax = Duration.seconds(30)
  /// A log that is longer is moved to `.1` when a daemon starts.
  private static let logBytesMax = 1 << 20

  var logPath: String { Self.logPath(at: socket, state: state) }

  /// Where the log of the daemon at a socket goes.
  static func logPath(at socket: SocketPath, state: String?, variable: (String) -> String? = Environment.value)
    -> String
  {
    if let state = state ?? variable("HEDDLE_STATE_DIR") { return "\(state)/daemon.log" }
    guard socket.isDefault, let base = variable("XDG_STATE_HOME") ?? variable("HOME").map({ "\($0)/.local/state" })
    else {
      return "\(socket.text).log"
    }
    return "\(base)/heddle/daemon.log"
  }

  /// Starts it, and returns when it lets clients in.
  ///
  /// - Returns: its process.
  /// - Throws: a `Failure` with its own reason, when it left instead.
  @discardableResult
  func start() throws(Failure) -> Int32 {
    try Self.requireAbsolute(socket)
    try Self.makeDirectory(of: logPath)
    // It will be in the root directory.
    if let file = Environment.value("HEDDLE_CLUSTER_FILE") {
      unsafe setenv("HEDDLE_CLUSTER_FILE", try Self.absolute(file), 1)
    }
    if Self.size(of: logPath) > Self.logBytesMax { unsafe rename(logPath, "\(logPath).1") }
    let (reading, writing) = try Self.makePipe()
    defer { close(reading) }
    let pid = try spawn(reportingTo: writing)
    let report = Self.read(reading, until: ContinuousClock.now + Self.readyMax)
    if report.last == StartReport.readyMark { return pid }
    throw Self.failure(of: pid, report, log: logPath)
  }

  private var arguments: [String] {
    ["daemon", "start", "--socket", socket.text, "--containment", containment, "--report-to", "3"]
      + (state.map { ["--state", $0] } ?? [])
      + (leaveAfter.map { ["--leave-after", "\(Int($0 / .milliseconds(1)))ms"] } ?? []) + cluster
  }

  // MARK: - The process

  /// - Parameter pipe: closed here, so that the process alone has it.
  private func spawn(reportingTo pipe: Int32) throws(Failure) -> pid_t {
    defer { close(pipe) }
    let log = unsafe open(logPath, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard log >= 0 else { throw Self.failure("open its log \(logPath)", errno) }
    defer { close(log) }
    let program = try Self.ownPath()
    do throws(LoopError) {
      return try BackgroundProcess.start(program, arguments: arguments, output: log, report: pipe)
    } catch {
      throw Failure(.failed, "cannot start a daemon: \(error)")
    }
  }

  /// Neither end of it is inherited.
  private static func makePipe() throws(Failure) -> (reading: Int32, writing: Int32) {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else { throw failure("make a pipe", errno) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }

  private static func ownPath() throws(Failure) -> String {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
    guard count > 0 else { throw failure("find this program", errno) }
    return String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// What is said on a pipe until it is closed, there is no more time, or the daemon is ready.
  private static func read(_ descriptor: Int32, until end: ContinuousClock.Instant) -> [UInt8] {
    var said: [UInt8] = []
    while said.last != StartReport.readyMark {
      var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let left = Int32(clamping: Int((end - .now) / .milliseconds(1)))
      let ready = unsafe poll(&wanted, 1, max(left, 0))
      if ready < 0, errno == EINTR { continue }
      var chunk = [UInt8](repeating: 0, count: 4_096)
      let count = ready > 0 ? unsafe Glibc.read(descriptor, &chunk, chunk.count) : 0
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      said += chunk.prefix(count)
    }
    return said
  }

  // MARK: - Failures

  private static func failure(of pid: pid_t, _ report: [UInt8], log: String) -> Failure {
    let lines = String(decoding: report, as: UTF8.self).split(separator: "\n")
    // One that is still there, and did not get ready, is not left behind.
    kill(pid, SIGKILL)
    var status: Int32 = 0
    while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
    return Failure(
      .failed,
      lines.isEmpty ? "the daemon did not start, and said nothing; its log is \(log)" : lines.joined(separator: "; ")
    )
  }

  private static func failure(_ attempt: String, _ code: Int32) -> Failure {
    Failure(.failed, "cannot start a daemon: cannot \(attempt): \(SystemError.text(code))")
  }

  // MARK: - Paths

  /// A socket is named so that all mean the same, wherever they are.
  static func requireAbsolute(_ socket: SocketPath) throws(Failure) {
    guard !socket.text.hasPrefix("/") else { return }
    throw Failure(
      .usage,
      "cannot start a daemon at \(socket.text): its path is not absolute; name one from / on with --socket"
    )
  }

  /// A path that means the same in another directory.
  static func absolute(_ path: String) throws(Failure) -> String {
    guard !path.hasPrefix("/") else { return path }
    guard let current = unsafe getcwd(nil, 0) else { throw failure("find the current directory", errno) }
    defer { unsafe free(current) }
    return unsafe "\(String(cString: current))/\(path)"
  }

  /// Makes the directories that a file is in, for their owner alone, as far as they are missing.
  static func makeDirectory(of path: String) throws(Failure) {
    var directory = ""
    for component in path.split(separator: "/").dropLast() {
      directory += "/\(component)"
      guard unsafe mkdir(directory, 0o700) == 0 || errno == EEXIST || errno == EROFS || errno == EACCES else {
        throw failure("make the directory \(directory)", errno)
      }
    }
  }

  private static func size(of path: String) -> Int {
    var status = stat()
    return unsafe lstat(path, &status) == 0 ? Int(status.st_size) : 0
  }
}
