internal import Glibc
internal import HeddleClient
internal import HeddleWire

/// Processes of this machine as /proc has them at one moment; proc(5).
struct ProcessTree {
  private let parents: [Int32: Int32]

  /// Looks at all processes.
  init() {
    var parents: [Int32: Int32] = [:]
    for pid in Self.numbers(in: "/proc") { parents[pid] = Self.parent(of: pid) }
    self.parents = parents
  }

  init(parents: [Int32: Int32]) { self.parents = parents }

  /// By ascending number.
  var all: [Int32] { parents.keys.sorted() }

  func parent(of pid: Int32) -> Int32? { parents[pid] }

  /// How many processes are below `pid`, without itself.
  func countBelow(_ pid: Int32) -> Int {
    let children = Dictionary(grouping: parents.keys) { parents[$0] ?? 0 }
    var (count, pending) = (0, [pid])
    while let next = pending.popLast() {
      count += children[next]?.count ?? 0
      pending += children[next] ?? []
    }
    return count
  }

  /// The entries of a directory whose names are numbers.
  static func numbers(in directory: String) -> [Int32] {
    guard let listing = unsafe opendir(directory) else { return [] }
    defer { unsafe closedir(listing) }
    var numbers: [Int32] = []
    while let entry = unsafe readdir(listing) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe Array($0.prefix { $0 != 0 }) }
      if let number = Int32(String(decoding: name, as: UTF8.self)) { numbers.append(number) }
    }
    return numbers
  }

  /// The fourth field of its stat, behind the name in parentheses, which may hold any.
  private static func parent(of pid: Int32) -> Int32? {
    guard let text = SmallFile.text(at: "/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return nil }
    let fields = text[end...].split(separator: " ")
    return fields.count > 2 ? Int32(fields[2]) : nil
  }
}

extension ThreadDetail.Place {
  /// With what this machine's /proc and cgroups say of it now.
  ///
  /// - Parameter pid: the program's process; nil if there is none.
  func lookedUp(_ pid: Int32?) -> ThreadDetail.Place {
    var place = self
    if !cgroup.isEmpty {
      place.processes = SmallFile.text(at: "\(cgroup)/cgroup.procs")?.split(separator: "\n").count
    } else if let pid {
      let tree = ProcessTree()
      guard let warden = tree.parent(of: pid) else { return place }
      place.warden = warden
      place.processes = tree.countBelow(warden)
    }
    return place
  }
}

/// Files of /proc and the like, which are read in one piece.
enum SmallFile {
  /// What is in the file, up to 1 MiB; nil if it can't be read.
  static func text(at path: String) -> String? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16_384)
    while bytes.count < 1 << 20 {
      let count = unsafe read(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return nil }
      if count == 0 { break }
      bytes += chunk.prefix(count)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
