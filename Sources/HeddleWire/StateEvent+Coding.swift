internal import HeddleMessages
package import HeddleModel

extension StateEvent {
  /// The event that the body of a WATCH is.
  package init(decoding body: [UInt8]) throws(WireDecodingError) {
    try self.init(field: "state_event", try decodeBody(body, as: "StateEvent"))
  }

  package func encoded() -> [UInt8] { encodeBody(proto) }

  init(field: String, _ proto: ProtoStateEvent) throws(WireDecodingError) {
    self.init(
      thread: try ThreadID(field: "\(field).thread", proto.thread),
      kind: try Kind(field: "\(field).kind", enumeration: proto.kind.rawValue),
      generation: proto.generation
    )
  }

  var proto: ProtoStateEvent {
    var proto = ProtoStateEvent()
    proto.thread = thread.rawValue
    proto.kind = kind.proto
    proto.generation = generation
    return proto
  }
}

extension StateEvent.Kind {
  var proto: ProtoStateEventKind {
    switch self {
    case .death: .death
    case .suspension: .suspension
    case .resumption: .resumption
    }
  }
}
