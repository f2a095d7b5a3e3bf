#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

/// What the process occupies, as the system counts it.
enum ProcessMemory {
  /// The resident memory in bytes, what is shared counted in part (Linux: `Pss` in /proc/self/smaps_rollup); nil where the
  /// system does not tell.
  static func proportional() -> Double? {
    guard let file = unsafe fopen("/proc/self/smaps_rollup", "r") else { return nil }
    defer { unsafe fclose(file) }
    var text: [UInt8] = []
    while case let byte = unsafe getc(file), byte != EOF { text.append(UInt8(truncatingIfNeeded: byte)) }
    let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
    let words = lines.first { $0.hasPrefix("Pss:") }?.split(separator: " ")
    return words.flatMap { $0.count > 1 ? Double($0[1]) : nil }.map { $0 * 1_024 }
  }
}
