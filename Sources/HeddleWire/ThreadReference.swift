internal import HeddleMessages
package import HeddleModel

/// A thread, as a request or a command line names it.
package enum ThreadReference: Hashable, Codable, Sendable {
  /// Exactly this thread, dead or alive.
  case id(ThreadID)
  /// The living holder of the name, else the latest dead one.
  case name(EntityName)
  /// The same of another node, or of one's own.
  case named(EntityName, on: EntityName)
}

extension ThreadReference: CustomStringConvertible {
  /// What text that names an id starts with; no name does, for want of colons.
  private static let idPrefix = "id:"

  /// A name as it is, that of another node behind the node's and a slash, an id as `id:` and hexadecimal digits.
  package var description: String {
    switch self {
    case .id(let id): "\(Self.idPrefix)\(id)"
    case .name(let name): name.text
    case .named(let name, let node): "\(node)/\(name)"
    }
  }

  /// The reference that `text` is, in the form of `description`.
  ///
  /// - Throws: what is wrong with the name; of `id:` without a good number, that a name has no colon.
  package init(parsing text: some StringProtocol) throws(EntityNameError) {
    if text.hasPrefix(Self.idPrefix), let number = UInt64(text.dropFirst(Self.idPrefix.count), radix: 16), number != 0 {
      self = .id(ThreadID(rawValue: number))
    } else if let slash = text.firstIndex(of: "/") {
      self = .named(try EntityName(text[text.index(after: slash)...]), on: try EntityName(text[..<slash]))
    } else {
      self = .name(try EntityName(text))
    }
  }
}

extension ThreadReference {
  /// - Throws: `missing` for an empty reference, which is also what an absent one is read as.
  init(field: String, _ proto: ProtoThreadReference) throws(WireDecodingError) {
    switch proto.reference {
    case .id(let id): self = .id(try ThreadID(field: "\(field).id", id))
    case .name(let name):
      let name = try EntityName(field: "\(field).name", name)
      self = proto.hasNode ? .named(name, on: try EntityName(field: "\(field).node", proto.node)) : .name(name)
    case nil: throw .missing(field: field)
    }
  }

  var proto: ProtoThreadReference {
    var proto = ProtoThreadReference()
    switch self {
    case .id(let id): proto.id = id.rawValue
    case .name(let name): proto.name = name.text
    case .named(let name, let node):
      proto.name = name.text
      proto.node = node.text
    }
    return proto
  }
}
