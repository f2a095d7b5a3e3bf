/// What the names of one kind stand for, in the order in which they were given.
struct NameTable<Key: Name, ID: Equatable> {
  private(set) var pairs: [(name: Key, id: ID)] = []

  mutating func add(_ id: ID?, as name: Key) {
    if let id { pairs.append((name, id)) }
  }

  func id(of name: Key) -> ID? { pairs.first { $0.name == name }?.id }

  subscript(name: Key) -> ID {
    get throws {
      guard let id = id(of: name) else { throw NameError.unknown(name.text) }
      return id
    }
  }

  /// The oldest name of `id`.
  func name(of id: ID) throws -> Key {
    guard let pair = pairs.first(where: { $0.id == id }) else { throw NameError.unknown("\(id)") }
    return pair.name
  }

  func requireFree(_ name: Key) throws {
    if id(of: name) != nil { throw NameError.taken(name.text) }
  }
}

extension NameTable: Sendable where ID: Sendable {}
