import Glibc
import HeddleClient
import HeddleLoop

/// A `heddle daemon` of its own, from the `heddle` beside this program, in a directory of its own.
struct BenchDaemon {
  let pid: pid_t
  let directory: String
  /// Where other nodes can dial it, as `--peer` has it; nil for one that is in no cluster.
  let linkAddress: String?
  var socketPath: String { "\(directory)/s.sock" }

  /// Starts it, and returns when it listens.
  ///
  /// - Parameters:
  ///   - onOneCore: whether it and all that it starts share the first core.
  ///   - containment: how it holds trees of processes, as `heddle daemon --containment` has it.
  ///   - membership: the cluster that it is to be in, if any. Then it listens for links too when this returns.
  static func start(
    onOneCore: Bool = false,
    containment: String = "auto",
    membership: BenchCluster.Membership? = nil
  ) throws -> BenchDaemon {
    let directory = try makeDirectory()
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else { throw BenchError(what: "make a pipe", errno: errno) }
    let pinned = onOneCore ? ["taskset", "-c", "0"] : []
    let place = ["--socket", "\(directory)/s.sock", "--containment", containment]
    let program = ["\(try ownDirectory())/heddle", "daemon"]
    let words = pinned + program + place + (membership?.words(in: directory) ?? [])
    // Ours is closed first, so that the daemon's end is seen.
    let started = Result { try spawn(words, standardError: ends[1]) }
    close(ends[1])
    let pid = try started.get()
    let said = try waitUntilListening(ends[0])
    return BenchDaemon(pid: pid, directory: directory, linkAddress: linkAddress(in: said))
  }

  /// A connection to it.
  func connect(on loop: EventLoop) async throws -> Supervisor {
    try await Supervisor.connect(to: socketPath, clientName: "heddle-bench", on: loop)
  }

  /// The keeper.
  var keepers: [pid_t] { ProcessMemory.children(of: pid) }

  /// The wardens, where the threads have some.
  var wardens: [pid_t] {
    keepers.flatMap(ProcessMemory.children).filter { ProcessMemory.name(of: $0) == "heddle-warden" }
  }

  /// Ends it with all its threads.
  func end() {
    kill(pid, SIGKILL)
    var status: Int32 = 0
    unsafe waitpid(pid, &status, 0)
    Self.remove(directory)
  }

  /// A directory that is nobody else's.
  static func makeDirectory() throws -> String {
    var template = Array("/tmp/heddle-bench-XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else { throw BenchError(what: "make a directory", errno: errno) }
    return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Removes a file, or a directory with all that is in it.
  static func remove(_ path: String) {
    for name in names(in: path) { remove("\(path)/\(name)") }
    unsafe Glibc.remove(path)
  }

  /// What a directory has in it; nothing for a file.
  private static func names(in path: String) -> [String] {
    guard let stream = unsafe opendir(path) else { return [] }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) {
        unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  /// How many descriptors the daemons may have that are started from now on: `count`, if the system lets us ask for more
  /// than it gives every process, else what it gives.
  static func descriptors(upTo count: Int) -> Int {
    var limit = rlimit()
    unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    let given = limit.rlim_max
    if given >= count { return count }
    limit.rlim_max = rlim_t(count)
    return unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 ? count : Int(given)
  }

  private static func spawn(_ words: [String], standardError: Int32) throws -> pid_t {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_adddup2(&actions, standardError, 2)
    var arguments = unsafe words.map { unsafe strdup($0) } + [nil]
    defer { for index in unsafe arguments.indices { unsafe free(arguments[index]) } }
    var pid: pid_t = 0
    let status = unsafe posix_spawnp(&pid, words[0], &actions, nil, &arguments, environ)
    guard status == 0 else { throw BenchError(what: "start \(words[0])", errno: status) }
    return pid
  }

  /// - Returns: what it has said by then.
  private static func waitUntilListening(_ descriptor: Int32) throws -> String {
    var (said, byte) = ([UInt8](), UInt8(0))
    while !String(decoding: said, as: UTF8.self).contains("listening on") {
      guard unsafe read(descriptor, &byte, 1) == 1 else {
        throw BenchError(what: "start a daemon, which said: \(String(decoding: said, as: UTF8.self))", errno: 0)
      }
      said.append(byte)
    }
    return String(decoding: said, as: UTF8.self)
  }

  /// The rest of the line in which a daemon says where it listens for links.
  static func linkAddress(in said: String) -> String? {
    let words = "listening for links on "
    let line = said.split(separator: "\n").first { $0.contains(words) }
    return line?.split(separator: " ").last.map(String.init)
  }

  /// Where this program is.
  private static func ownDirectory() throws -> String {
    let path = try ownPath()
    return String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])
  }

  static func ownPath() throws -> String {
    guard let path = unsafe realpath("/proc/self/exe", nil) else {
      throw BenchError(what: "find this program", errno: errno)
    }
    defer { unsafe free(path) }
    return unsafe String(cString: path)
  }
}

/// Why there is no figure.
struct BenchError: Error, CustomStringConvertible {
  let what: String
  let errno: Int32
  var description: String { errno == 0 ? "could not \(what)" : "could not \(what): error \(errno)" }
}
