internal import HeddleMessages
package import HeddleModel

/// A thread, as a request or a command line names it.
package enum ThreadReference: Hashable, Codable, Sendable {
  /// Exactly this thread, dead or alive.
  case id(ThreadID)
  /// The living holder of the name, else the latest dead one.
  case name(EntityName)
}

extension ThreadReference: CustomStringConvertible {
  /// What text that names an id starts with; no name does, for want of colons.
  private static let idPrefix = "id:"

  /// A name as it is, an id as `id:` and hexadecimal digits.
  package var description: String {
    switch self {
    case .id(let id): "\(Self.idPrefix)\(id)"
    case .name(let name): name.text
    }
  }

  /// The reference that `text` is, in the form of `description`.
  ///
  /// - Throws: what is wrong with the name; of `id:` without a good number, that a name has no colon.
  package init(parsing text: some StringProtocol) throws(EntityNameError) {
    if text.hasPrefix(Self.idPrefix), let number = UInt64(text.dropFirst(Self.idPrefix.count), radix: 16), number != 0 {
      self = .id(ThreadID(rawValue: number))
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
    case .name(let name): self = .name(try EntityName(field: "\(field).name", name))
    case nil: throw .missing(field: field)
    }
  }

  var proto: ProtoThreadReference {
    var proto = ProtoThreadReference()
    switch self {
    case .id(let id): proto.id = id.rawValue
    case .name(let name): proto.name = name.text
    }
    return proto
  }
}
