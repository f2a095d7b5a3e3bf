/// A set that keeps the order in which its members came; joining and leaving take constant time on average.
///
/// Most rosters have one member at most, and take no memory but their own.
package struct Roster<Member: Identifier> {
  /// The member that came first; the identifier that is nobody's when there is none.
  private var front = Roster.nobody
  /// Those behind it: one crowd, or nil before there was a second member. In an array, so that the roster is small.
  private var others: [Crowd<Member>]?

  package init() {}

  private static var nobody: Member { Member(rawValue: 0) }

  /// The member that came first.
  package var first: Member? { isEmpty ? nil : front }
  package var count: Int { isEmpty ? 0 : 1 + (others?[0].count ?? 0) }
  package var isEmpty: Bool { front == Self.nobody }

  /// Whether `member` is in it, and no other.
  package func isOnly(_ member: Member) -> Bool { first == member && count == 1 }

  /// The members, first come first.
  package var members: [Member] { isEmpty ? [] : Array(self) }

  package func contains(_ member: Member) -> Bool {
    !isEmpty && front == member || others?[0].contains(member) == true
  }

  /// Adds `member` at the end; no effect on one that is there already.
  @inline(__always)
  package mutating func append(_ member: Member) {
    if isEmpty { front = member } else if front != member { appendBehind(member) }
  }

  /// Removes `member`; no effect when it is not there.
  @inline(__always)
  package mutating func remove(_ member: Member) {
    if front != member {
      others?[0].remove(member)
    } else {
      front = others?[0].popFirst() ?? Self.nobody
    }
  }

  /// Appends or removes `member`.
  @inline(__always)
  mutating func set(_ member: Member, isIn: Bool) {
    if isIn { append(member) } else { remove(member) }
  }

  private mutating func appendBehind(_ member: Member) {
    if others == nil { others = [Crowd()] }
    others?[0].append(member)
  }
}

extension Roster: Sequence {
  package struct Iterator: IteratorProtocol {
    fileprivate var first: Member?
    fileprivate let others: [Crowd<Member>]?
    fileprivate var slot = 0

    package mutating func next() -> Member? {
      defer { first = nil }
      return first ?? others?[0].next(from: &slot)
    }
  }

  /// Goes through the members, first come first, as they are now, whatever becomes of the roster meanwhile.
  package func makeIterator() -> Iterator { Iterator(first: first, others: others) }
}

extension Roster: ExpressibleByArrayLiteral {
  /// The members, each at its first place.
  package init(arrayLiteral members: Member...) {
    for member in members { append(member) }
  }
}

extension Roster: Sendable where Member: Sendable {}

extension Roster: Equatable {
  package static func == (left: Roster, right: Roster) -> Bool { left.elementsEqual(right) }
}

extension Roster: Codable where Member: Codable {
  package init(from decoder: any Decoder) throws {
    for member in try [Member](from: decoder) { append(member) }
  }

  package func encode(to encoder: any Encoder) throws { try members.encode(to: encoder) }
}
