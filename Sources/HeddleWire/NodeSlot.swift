package import HeddleModel

/// What a supervisor calls one start of another node: the upper 16 bits of the ids of that one's threads, as its clients
/// know them. It is not used for another one as long as the supervisor lives; 0 is the supervisor itself.
package struct NodeSlot: RawRepresentable, Hashable, Comparable, Codable, Sendable {
  package let rawValue: UInt16
  package init(rawValue: UInt16) { self.rawValue = rawValue }

  package static let home = NodeSlot(rawValue: 0)

  package static func < (left: NodeSlot, right: NodeSlot) -> Bool { left.rawValue < right.rawValue }

  /// The id of a frame that is about all mail to the node's threads.
  package var frameID: UInt64 { UInt64(rawValue) << ThreadID.counterWidth }

  /// The slot in the id of such a frame.
  package init(ofFrame id: UInt64) { self = ThreadID(rawValue: id).slot }
}

extension ThreadID {
  /// So many bits of an id are the counter of the node that the thread is on; those above are the node's slot.
  static let counterWidth = 48

  package var slot: NodeSlot { NodeSlot(rawValue: UInt16(truncatingIfNeeded: rawValue >> Self.counterWidth)) }

  /// The id on the thread's own node.
  package var counter: UInt64 { rawValue & (1 << Self.counterWidth - 1) }

  /// What a thread with this counter on the node of `slot` is called.
  package func moved(to slot: NodeSlot) -> ThreadID {
    ThreadID(rawValue: UInt64(slot.rawValue) << Self.counterWidth | counter)
  }
}
