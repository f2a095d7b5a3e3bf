internal import Glibc

/// The process trees that a keeper left when it was killed, each in a cgroup below `place`; cgroups(7).
struct AbandonedTrees {
  let place: String

  /// How long `remove` waits for the processes to end, in milliseconds.
  private static let patience: Int32 = 2_000

  /// SIGKILL to all processes in them, at once, also to those that are being forked.
  func kill() {
    let file = unsafe open(place + "/cgroup.kill", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    _ = unsafe write(file, "1", 1)
    close(file)
  }

  /// Waits until no process is left, and removes the directories. What can't be removed is left to the next daemon.
  func remove() {
    var events = pollfd(
      fd: unsafe open(place + "/cgroup.events", O_RDONLY | O_CLOEXEC),
      events: Int16(POLLPRI),
      revents: 0
    )
    guard events.fd >= 0 else { return }
    while Self.isPopulated(events.fd), unsafe poll(&events, 1, Self.patience) == 1 {}
    close(events.fd)
    Self.remove(place)
  }

  private static func isPopulated(_ events: Int32) -> Bool {
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = unsafe pread(events, &bytes, bytes.count, 0)
    return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self).contains("populated 1")
  }

  /// Removes a directory of directories; a cgroup's own files go with it.
  private static func remove(_ path: String) {
    for child in directories(in: path) { remove("\(path)/\(child)") }
    _ = unsafe rmdir(path)
  }

  private static func directories(in path: String) -> [String] {
    guard let directory = unsafe opendir(path) else { return [] }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      guard unsafe entry.pointee.d_type == UInt8(DT_DIR) else { continue }
      let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) {
        unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }
}
