internal import HeddleMessages
package import HeddleModel

/// A name that no two threads of a cluster have at a time, and whose it is.
package struct GlobalName: Hashable, Codable, Sendable {
  package let name: EntityName
  /// The node that the thread is on.
  package let node: EntityName
  /// What the supervisor that answers calls the thread; nil where it was never linked to that node.
  package let thread: ThreadID?
  /// The claim's number: greater than that of every claim of the name before.
  package let fence: UInt64

  package init(name: EntityName, node: EntityName, thread: ThreadID?, fence: UInt64) {
    self.name = name
    self.node = node
    self.thread = thread
    self.fence = fence
  }
}

extension GlobalName {
  init(_ proto: ProtoGlobalName) throws(WireDecodingError) {
    self.init(
      name: try EntityName(field: "names.name", proto.name),
      node: try EntityName(field: "names.node", proto.node),
      thread: proto.thread == 0 ? nil : ThreadID(rawValue: proto.thread),
      fence: proto.fence
    )
  }

  var proto: ProtoGlobalName {
    var proto = ProtoGlobalName()
    proto.name = name.text
    proto.node = node.text
    proto.thread = thread?.rawValue ?? 0
    proto.fence = fence
    return proto
  }
}

extension WireJSON {
  package static func names(_ names: [GlobalName]) -> String {
    var list = ProtoNameList()
    list.names = names.map(\.proto)
    return object(list)
  }
}
