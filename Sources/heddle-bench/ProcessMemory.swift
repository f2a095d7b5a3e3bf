#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

/// What processes occupy, as the system counts it in /proc (proc(5)).
enum ProcessMemory {
  /// The resident memory of this process in bytes, what is shared counted in part (`Pss` in smaps_rollup); nil where the
  /// system does not tell.
  static func proportional() -> Double? { proportional(in: "self") }

  /// The same of another process.
  static func proportional(of pid: Int32) -> Double? { proportional(in: "\(pid)") }

  /// The processes that a process of one thread has started, and that have not been reaped.
  static func children(of pid: Int32) -> [Int32] {
    read("/proc/\(pid)/task/\(pid)/children")?.split(separator: " ").compactMap { Int32($0) } ?? []
  }

  /// The name of the program that a process runs, up to 15 bytes.
  static func name(of pid: Int32) -> String { read("/proc/\(pid)/comm").map { String($0.prefix { $0 != "\n" }) } ?? "" }

  /// How long a process was on a processor so far, in nanoseconds, to the hundredth of a second; nil when there is none.
  static func processorTime(of pid: Int32) -> Double? {
    // The name, which is the second field, is in parentheses and may hold anything.
    guard let fields = read("/proc/\(pid)/stat")?.split(separator: ")").last?.split(separator: " "), fields.count > 12,
      let user = Double(fields[11]), let system = Double(fields[12])
    else { return nil }
    return (user + system) * 1e9 / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  private static func proportional(in process: String) -> Double? {
    let lines = read("/proc/\(process)/smaps_rollup")?.split(separator: "\n")
    let words = lines?.first { $0.hasPrefix("Pss:") }?.split(separator: " ")
    return words.flatMap { $0.count > 1 ? Double($0[1]) : nil }.map { $0 * 1_024 }
  }

  private static func read(_ path: String) -> String? {
    guard let file = unsafe fopen(path, "r") else { return nil }
    defer { unsafe fclose(file) }
    var text: [UInt8] = []
    while case let byte = unsafe getc(file), byte != EOF { text.append(UInt8(truncatingIfNeeded: byte)) }
    return String(decoding: text, as: UTF8.self)
  }
}
