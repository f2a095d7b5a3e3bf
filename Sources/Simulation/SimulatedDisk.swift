internal import Cluster

/// The registrar's journal file: what is on the disk, and what is only written.
struct SimulatedDisk {
  private(set) var durable: [UInt8] = []
  private var written: [UInt8] = []
  /// A new file that is to take the journal's place.
  private var replacement: [UInt8]?

  var isSynced: Bool { written.isEmpty && replacement == nil }

  mutating func append(_ bytes: [UInt8]) {
    if replacement != nil { replacement?.append(contentsOf: bytes) } else { written += bytes }
  }

  mutating func replace(with bytes: [UInt8]) {
    replacement = bytes
    written = []
  }

  mutating func sync() {
    if let replacement { durable = replacement } else { durable += written }
    replacement = nil
    written = []
  }

  /// The machine stops: of what was not synced some comes through, cut off anywhere.
  mutating func crash(_ random: inout SplitMix64) {
    durable += written.prefix(Int(random.below(UInt64(written.count) + 1)))
    written = []
    replacement = nil
  }

  /// Cuts off a torn tail.
  mutating func truncate(to count: Int) { durable.removeLast(durable.count - count) }

  /// The disk itself is lost.
  mutating func lose() { self = SimulatedDisk() }
}
