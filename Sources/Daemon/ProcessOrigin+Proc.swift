internal import Glibc
internal import Supervision

extension ProcessOrigin {
  /// Where a process came from, as proc(5) shows it; nothing is known of one that has ended, or that is outside of our PID
  /// namespace.
  ///
  /// - Parameter keeper: our own child, not reaped.
  init(of pid: Int32, below keeper: Int32?) {
    let root = keeper.flatMap { Self.child(of: $0, above: pid) }
    self.init(cgroup: Self.cgroup(of: pid), root: root)
  }

  /// How many links are followed at most, for a process whose ancestors die as fast as they are looked at.
  private static let linksMax = 1_000

  /// The child of `ancestor` that `pid` is, or descends from.
  private static func child(of ancestor: Int32, above pid: Int32) -> Int32? {
    var child = pid
    var links = 0
    while links < linksMax, let parent = parent(of: child), parent > 1 {
      if parent == ancestor { return child }
      links += 1
      // What was read of the parent is true if the child has it still: else it may have died, and its pid be another's.
      guard Self.parent(of: parent) != nil, Self.parent(of: child) == parent else { continue }
      child = parent
    }
    return nil
  }

  /// Field 4 of `/proc/PID/stat`, behind the name, which stands in parentheses and may itself hold some.
  private static func parent(of pid: Int32) -> Int32? {
    guard pid > 0, let stat = contents(of: "/proc/\(pid)/stat"), let name = stat.lastIndex(of: ")") else { return nil }
    let fields = stat[stat.index(after: name)...].split(separator: " ")
    return fields.count > 1 ? Int32(fields[1]) : nil
  }

  /// Of the lines of `/proc/PID/cgroup` the one of hierarchy 0; cgroups(7).
  private static func cgroup(of pid: Int32) -> String {
    guard pid > 0, let groups = contents(of: "/proc/\(pid)/cgroup") else { return "" }
    let line = groups.split(separator: "\n").first { $0.hasPrefix("0::") }
    return line.map { String($0.dropFirst(3)) } ?? ""
  }

  /// The beginning of a small file, as far as it is of interest here.
  private static func contents(of path: String) -> String? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 8_192)
    let count = unsafe read(descriptor, &bytes, bytes.count)
    return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
  }
}
