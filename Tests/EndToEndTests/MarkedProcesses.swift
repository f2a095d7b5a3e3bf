import Glibc

/// The processes of one thread, wherever they went: a string in their environment marks them, and, on that rung, their
/// cgroup does.
struct MarkedProcesses: Sendable {
  /// `KEY=VALUE`, in the program's environment.
  let mark: String

  init() { mark = "MARK=\(getpid())-\(UInt64.random(in: 0...UInt64.max))" }

  /// Those that are there and no zombies.
  var all: [Int32] { Self.pids.filter(isMarked) }

  /// Whether a process carries the mark. One that has exited no longer does.
  func isMarked(_ pid: Int32) -> Bool {
    let environment = FileBytes.beginning(of: "/proc/\(pid)/environ", count: 4_096)
    return environment.split(separator: 0).contains { $0.elementsEqual(mark.utf8) }
  }

  /// Every process, by ascending number.
  static var pids: [Int32] {
    guard let directory = unsafe opendir("/proc") else { return [] }
    defer { unsafe closedir(directory) }
    var pids: [Int32] = []
    while let entry = unsafe readdir(directory) {
      let pid = unsafe withUnsafeBytes(of: entry.pointee.d_name) { name in
        unsafe Int32(String(decoding: name.prefix { $0 != 0 }, as: UTF8.self))
      }
      if let pid { pids.append(pid) }
    }
    return pids.sorted()
  }

  /// The processes in the cgroup of a keeper's thread, zombies left out; none on the other rungs.
  static func inCgroup(ofKeeper keeper: Int32, thread: UInt64? = nil) -> [Int32] {
    pids.filter { pid in
      guard let group = cgroup(of: pid), group.contains("-\(keeper)-"), ProcStat(pid)?.isZombie == false else {
        return false
      }
      return thread.map { group.hasSuffix("/\($0)") } ?? true
    }
  }

  /// A process's place in the hierarchy of cgroup v2; cgroups(7).
  private static func cgroup(of pid: Int32) -> Substring? {
    String(decoding: FileBytes.beginning(of: "/proc/\(pid)/cgroup", count: 4_096), as: UTF8.self)
      .split(separator: "\n").first { $0.hasPrefix("0::/heddle-") || $0.hasPrefix("0::") && $0.contains("/heddle-") }
  }
}

/// What proc(5) says of a process in its `stat`.
struct ProcStat: Equatable, Sendable {
  let state: Character
  let parent: Int32
  var isZombie: Bool { state == "Z" || state == "X" }

  /// nil if there is no such process.
  init?(_ pid: Int32) {
    let text = String(decoding: FileBytes.beginning(of: "/proc/\(pid)/stat", count: 512), as: UTF8.self)
    // "pid (name) state parent ...", where the name may hold anything.
    guard let name = text.lastIndex(of: ")") else { return nil }
    let fields = text[text.index(after: name)...].split(separator: " ")
    guard fields.count > 1, let state = fields[0].first, let parent = Int32(fields[1]) else { return nil }
    self.state = state
    self.parent = parent
  }
}

/// The bytes of a file, perhaps one of proc(5), whose size is not known beforehand.
enum FileBytes {
  /// Its first bytes; none if it can't be read.
  static func beginning(of path: String, count: Int) -> [UInt8] {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return [] }
    defer { close(file) }
    return unsafe [UInt8](unsafeUninitializedCapacity: count) { bytes, filled in
      while filled < count {
        let more = unsafe read(file, bytes.baseAddress.map { unsafe $0 + filled }, count - filled)
        if more <= 0 { break }
        filled += more
      }
    }
  }
}

/// Whether `condition` comes true within 20 seconds. For what proc(5) shows alone, which announces nothing.
func eventually(_ condition: () -> Bool) async -> Bool {
  let end = ContinuousClock.now + .seconds(20)
  while ContinuousClock.now < end {
    if condition() { return true }
    // The pause between two looks: whoever looked without one would keep the processor from what is looked for.
    try? await Task.sleep(for: .milliseconds(1))
  }
  return condition()
}
