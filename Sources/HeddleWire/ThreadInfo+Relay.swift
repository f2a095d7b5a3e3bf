internal import HeddleMessages
package import HeddleModel

extension ThreadInfo {
  /// Where a thread's lines go.
  package struct Relay: Hashable, Codable, Sendable {
    package let to: ThreadID
    package let name: EntityName?
    /// Whether the end of the lines is announced as the end of its mail.
    package let passesEnd: Bool
    /// Whole lines that wait for room in its mailbox.
    package let waitingLines: Int

    package init(to: ThreadID, name: EntityName?, passesEnd: Bool, waitingLines: Int) {
      self.to = to
      self.name = name
      self.passesEnd = passesEnd
      self.waitingLines = waitingLines
    }
  }
}

extension ThreadInfo.Relay {
  init(field: String, _ proto: ProtoThreadRelay) throws(WireDecodingError) {
    self.init(
      to: try ThreadID(field: "\(field).to", proto.to),
      name: proto.hasName ? try EntityName(field: "\(field).name", proto.name) : nil,
      passesEnd: proto.end,
      waitingLines: try Int(field: "\(field).waiting_lines", proto.waitingLines)
    )
  }

  var proto: ProtoThreadRelay {
    var proto = ProtoThreadRelay()
    proto.to = to.rawValue
    if let name { proto.name = name.text }
    proto.end = passesEnd
    proto.waitingLines = UInt64(clamping: waitingLines)
    return proto
  }
}
