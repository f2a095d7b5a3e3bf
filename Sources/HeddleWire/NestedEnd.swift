internal import HeddleMessages
package import HeddleModel

/// What a nested call comes to: its thread is dead, and so is all that was nested in it.
package struct NestedEnd: Hashable, Codable, Sendable {
  package let thread: ThreadID
  package let death: DeathRecord
  /// Whether what the thread ended with is not what the call comes to: it was told to end, by a request or with its
  /// custodian, or it died in a nested call of its own.
  package let isValueLost: Bool

  package init(thread: ThreadID, death: DeathRecord, isValueLost: Bool) {
    self.thread = thread
    self.death = death
    self.isValueLost = isValueLost
  }
}

extension NestedEnd {
  init(_ proto: ProtoNestedEnded) throws(WireDecodingError) {
    self.init(
      thread: try ThreadID(field: "nested_ended.thread", proto.thread),
      death: try DeathRecord(field: "nested_ended.death", proto.death),
      isValueLost: proto.valueLost
    )
  }

  var proto: ProtoNestedEnded {
    var proto = ProtoNestedEnded()
    proto.thread = thread.rawValue
    proto.death = death.proto
    proto.valueLost = isValueLost
    return proto
  }
}
