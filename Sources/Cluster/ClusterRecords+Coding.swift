internal import HeddleModel
package import HeddleWire

extension NodeRecord {
  package init(reading text: String) throws(WireDecodingError) {
    let record = RecordText(text, as: "nodes")
    self.init(
      endpoints: record.all("endpoint"),
      incarnation: Incarnation(rawValue: try record.number("incarnation", radix: 16)),
      seat: Seat(rawValue: try record.number("seat", radix: 16)),
      version: String(try record.text("version"))
    )
  }

  package var text: String {
    RecordText.made(
      of: endpoints.map { ("endpoint", $0) } + [
        ("incarnation", "\(incarnation)"), ("seat", "\(seat)"), ("version", version),
      ]
    )
  }
}

extension NameRecord {
  package init(reading text: String) throws(WireDecodingError) {
    let record = RecordText(text, as: "names")
    let thread = try record.number("thread", radix: 16)
    guard thread != 0 else { throw .outOfRange(field: "names.thread", number: 0) }
    self.init(
      node: try record.node("node"),
      epoch: Epoch(rawValue: try record.number("epoch")),
      thread: ThreadID(rawValue: thread)
    )
  }

  package var text: String {
    RecordText.made(of: [("node", "\(node)"), ("epoch", "\(epoch)"), ("thread", "\(thread)")])
  }
}

extension SharedCustodianRecord {
  package init(reading text: String) throws(WireDecodingError) {
    let record = RecordText(text, as: "cust")
    var parent: SharedCustodianID?
    if let text = record["parent"] { parent = try SharedCustodianID(field: "cust.parent", text) }
    self.init(
      parent: parent,
      home: try record.node("home"),
      homeEpoch: Epoch(rawValue: try record.number("epoch")),
      onHomeLoss: try HomeLossPolicy(field: "cust.lost", try record.text("lost"))
    )
  }

  package var text: String {
    RecordText.made(
      of: (parent.map { [("parent", "\($0)")] } ?? []) + [
        ("home", "\(home)"), ("epoch", "\(homeEpoch)"), ("lost", onHomeLoss.rawValue),
      ]
    )
  }
}

extension HomeLossPolicy {
  fileprivate init(field: String, _ text: Substring) throws(WireDecodingError) {
    guard let policy = HomeLossPolicy(rawValue: String(text)) else {
      throw .form(field: field, reason: "shutdown or adopt stands there")
    }
    self = policy
  }
}

extension TombstoneRecord {
  package init(reading text: String) throws(WireDecodingError) {
    let record = RecordText(text, as: "closed")
    guard let reason = Reason(rawValue: String(try record.text("reason"))) else {
      throw .form(field: "closed.reason", reason: "asked or home-lost stands there")
    }
    self.init(reason: reason, by: try record.node("by"))
  }

  package var text: String { RecordText.made(of: [("reason", reason.rawValue), ("by", "\(by)")]) }
}

extension FenceRecord {
  package init(reading text: String) throws(WireDecodingError) {
    epoch = Epoch(rawValue: try RecordText(text, as: "fences").number("epoch"))
  }

  package var text: String { RecordText.made(of: [("epoch", "\(epoch)")]) }
}
