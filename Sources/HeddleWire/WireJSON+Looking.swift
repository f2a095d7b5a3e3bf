internal import HeddleMessages
internal import HeddleModel

// What the verbs that look at things print.

extension WireJSON {
  package static func text(_ happening: Happening) -> String { object(happening.readable) }

  /// - Parameter happenings: the last of what happened to the thread.
  package static func text(_ detail: ThreadDetail, _ happenings: [Happening]) -> String {
    var proto = detail.proto
    proto.thread = detail.thread.readable
    proto.happenings = happenings.map(\.readable)
    return object(proto)
  }

  package static func text(_ plan: ShutdownPlan) -> String {
    var proto = plan.proto
    proto.daemonEnds = plan.custodians.contains(.root)
    return object(proto)
  }

  /// The custodians, without what they manage.
  package static func list(_ custodians: [CustodianListing]) -> String {
    var list = ProtoCustodianList()
    list.custodians = custodians.map { custodian in
      var row = ProtoCustodianRow()
      row.path = custodian.path.description
      row.state = custodian.state.proto
      row.threads = UInt64(custodian.threads.count)
      row.custodians = UInt64(custodian.children.count)
      return row
    }
    return object(list)
  }

  /// A line that a thread wrote.
  ///
  /// - Parameters:
  ///   - line: without its newline.
  ///   - offset: the place of its first byte in all that the thread wrote.
  package static func line(_ line: [UInt8], at offset: UInt64, of thread: ThreadSummary) -> String {
    var proto = ProtoLogLine()
    proto.thread = thread.id.rawValue
    proto.name = thread.name?.text ?? ""
    proto.reference = ThreadReference.id(thread.id).description
    proto.offset = offset
    proto.text = line.wire()
    return object(proto)
  }

  package static func text(_ report: DoctorReport) -> String { object(report.proto) }
}

extension Happening {
  /// With the fields that are for readers of JSON.
  fileprivate var readable: ProtoHappening {
    var readable = proto
    readable.time = time.rfc3339
    if let thread { readable.reference = ThreadReference.id(thread.id).description }
    return readable
  }
}
