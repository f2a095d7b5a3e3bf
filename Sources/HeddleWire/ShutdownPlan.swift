internal import HeddleMessages
package import HeddleModel

/// What the shutdown of a custodian would do at one moment.
package struct ShutdownPlan: Hashable, Codable, Sendable {
  /// The custodian and those below it that would be shut down, outermost first.
  package let custodians: [CustodianPath]
  /// The threads that would end.
  package let ended: [ThreadSummary]
  /// The suspend-to-kill threads that would be left suspended.
  package let leftSuspended: [ThreadSummary]
  /// The threads that would lose a custodian and go on, since they have another.
  package let surviving: [ThreadSummary]

  package init(
    custodians: [CustodianPath],
    ended: [ThreadSummary],
    leftSuspended: [ThreadSummary],
    surviving: [ThreadSummary]
  ) {
    self.custodians = custodians
    self.ended = ended
    self.leftSuspended = leftSuspended
    self.surviving = surviving
  }
}

extension ShutdownPlan {
  init(_ proto: ProtoShutdownPlan) throws(WireDecodingError) {
    func summaries(_ protos: [ProtoThreadSummary], _ field: String) throws(WireDecodingError) -> [ThreadSummary] {
      try protos.map { thread throws(WireDecodingError) in try ThreadSummary(field: "shutdown_plan.\(field)", thread) }
    }
    self.init(
      custodians: try proto.custodians.map { path throws(WireDecodingError) in
        try CustodianPath(field: "shutdown_plan.custodians", path)
      },
      ended: try summaries(proto.ended, "ended"),
      leftSuspended: try summaries(proto.leftSuspended, "left_suspended"),
      surviving: try summaries(proto.surviving, "surviving")
    )
  }

  var proto: ProtoShutdownPlan {
    var proto = ProtoShutdownPlan()
    proto.custodians = custodians.map(\.description)
    proto.ended = ended.map(\.proto)
    proto.leftSuspended = leftSuspended.map(\.proto)
    proto.surviving = surviving.map(\.proto)
    return proto
  }
}
