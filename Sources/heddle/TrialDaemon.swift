internal import Glibc
internal import HeddleClient
internal import Synchronization

/// A daemon of its own for a trial, on a socket that nobody else knows.
struct TrialDaemon {
  /// Why it is not there: what it said before it left.
  struct Refused: Error {
    let reason: String
  }

  private static let patience: Int32 = 10_000
  let socketPath: String
  private let directory: String
  let pid: pid_t

  /// Starts it, and returns when it listens.
  ///
  /// - Parameter containment: as `--containment` has it.
  init(containment: String) throws(Refused) {
    Self.endAllAtExit
    var pipes: [Int32] = [-1, -1]
    guard unsafe pipe(&pipes) == 0 else { throw Refused(reason: SystemError.text(errno)) }
    defer { close(pipes[0]) }
    Self.keepDescriptors()
    (pid, directory) = try Self.start(containment, errors: pipes[1])
    socketPath = "\(directory)/s.sock"
    let said = Self.read(from: pipes[0], until: "listening on")
    guard said.contains("listening on") else {
      end()
      let lines = said.split(separator: "\n").map { $0.hasPrefix("heddle: ") ? $0.dropFirst(8) : $0 }
      throw Refused(reason: lines.last.map(String.init) ?? "it said nothing within \(Self.patience / 1_000)s")
    }
  }

  /// Starts it, so that it will be ended.
  ///
  /// - Parameter errors: its standard error, which is closed here.
  private static func start(
    _ containment: String,
    errors: Int32
  ) throws(Refused) -> (pid_t, directory: String) {
    defer { close(errors) }
    waitIfOver()
    // In one go: an exit meanwhile, on another thread, waits for it.
    return try living.withLock { (living) throws(Refused) in
      guard !living.isOver else { throw Refused(reason: "the process is exiting") }
      let directory = try makeDirectory()
      do throws(Refused) {
        let socket = "\(directory)/s.sock"
        let words = ["heddle", "daemon", "start", "--lifeline", "--socket", socket, "--containment", containment]
        let (pid, lifeline) = try spawn(words, errors: errors)
        living.daemons[pid] = Place(directory: directory, lifeline: lifeline)
        return (pid, directory)
      } catch {
        unsafe rmdir(directory)
        throw error
      }
    }
  }

  /// Ends it by SIGKILL, and with it, so it is promised, all that it has started.
  func end() {
    Self.waitIfOver()
    Self.living.withLock {
      if let place = $0.daemons.removeValue(forKey: pid) { Self.end(pid, place) }
    }
  }

  private static func end(_ pid: pid_t, _ place: Place) {
    kill(pid, SIGKILL)
    var status: Int32 = 0
    while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
    for name in ["s.sock", "s.sock.lock"] { unsafe unlink("\(place.directory)/\(name)") }
    unsafe rmdir(place.directory)
    close(place.lifeline)
  }

  /// What goes with a daemon.
  private struct Place {
    let directory: String
    /// The end of a pipe: when this process dies, however it does, it is closed, and the daemon ends itself.
    let lifeline: Int32
  }

  /// Those that this process has started and not ended.
  private struct Living {
    var daemons: [pid_t: Place] = [:]
    /// The process exits: there will be no more.
    var isOver = false
  }

  private static let living = Mutex(Living())

  /// However this process exits, they end. Taken once.
  private static let endAllAtExit: Void = {
    atexit {
      let left = TrialDaemon.living.withLock { living in
        defer { living = Living(isOver: true) }
        return living.daemons
      }
      for (pid, place) in left { TrialDaemon.end(pid, place) }
    }
  }()

  /// While the process exits nothing goes on here: what would come of it, with its daemons gone, is no finding, and a second
  /// exit would cut the first one short.
  private static func waitIfOver() {
    while living.withLock(\.isOver) { _ = pause() }
  }

  /// No daemon gets what this process was given beside its standard streams: whoever gave it may wait for its end.
  private static func keepDescriptors() {
    for descriptor in ProcessTree.numbers(in: "/proc/self/fd") where descriptor > STDERR_FILENO {
      _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }
  }

  private static func makeDirectory() throws(Refused) -> String {
    var template = Array("\(Environment.value("TMPDIR") ?? "/tmp")/heddle-doctor-XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else {
      throw Refused(reason: "no directory can be made for it: \(SystemError.text(errno))")
    }
    return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// This very program, with nothing but its standard error, and a pipe as its standard input.
  ///
  /// - Returns: also the pipe's other end.
  private static func spawn(_ words: [String], errors: Int32) throws(Refused) -> (pid_t, lifeline: Int32) {
    var pipes: [Int32] = [-1, -1]
    guard unsafe pipe(&pipes) == 0 else { throw Refused(reason: SystemError.text(errno)) }
    for end in pipes { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { close(pipes[0]) }
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_adddup2(&actions, pipes[0], STDIN_FILENO)
    unsafe posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
    unsafe posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO)
    var arguments = unsafe words.map { unsafe strdup($0) } + [nil]
    defer { for index in unsafe arguments.indices { unsafe free(arguments[index]) } }
    var pid = pid_t()
    // It is a daemon of its own, and no other node.
    unsafe unsetenv("HEDDLE_CLUSTER_FILE")
    let error = unsafe posix_spawn(&pid, "/proc/self/exe", &actions, nil, &arguments, environ)
    guard error == 0 else {
      close(pipes[1])
      throw Refused(reason: "it can't be started: \(SystemError.text(error))")
    }
    return (pid, pipes[1])
  }

  /// What comes until `word` has, the other end is closed, or it takes too long.
  private static func read(from descriptor: Int32, until word: String) -> String {
    var text = ""
    var chunk = [UInt8](repeating: 0, count: 4_096)
    while !text.contains(word) {
      var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let events = unsafe poll(&ready, 1, patience)
      if events < 0, errno == EINTR { continue }
      guard events > 0, case let count = unsafe Glibc.read(descriptor, &chunk, chunk.count), count > 0 else { break }
      text += String(decoding: chunk.prefix(count), as: UTF8.self)
    }
    return text
  }
}
