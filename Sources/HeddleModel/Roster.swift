/// A set that keeps the order in which its members came; joining and leaving take constant time on average.
///
/// Most rosters are short: up to 16 members are a plain array. A longer one knows the place of each member; one that
/// leaves it makes a gap, and gaps are closed when they outnumber the members.
package struct Roster<Member: Hashable> {
  private static var shortCount: Int { 16 }

  private var slots: [Member?] = []
  /// Where each member is; nil while the roster is short and has no gaps.
  private var positions: [Member: Int]?
  /// No member stands before this slot.
  private var head = 0

  package init() {}

  package var count: Int { positions?.count ?? slots.count }
  package var isEmpty: Bool { count == 0 }

  /// The members, first come first.
  package var members: [Member] { slots[head...].compactMap(\.self) }

  /// The member that came first.
  package var first: Member? { head < slots.count ? slots[head] : nil }

  package func contains(_ member: Member) -> Bool { position(of: member) != nil }

  /// The first member that satisfies `condition`, first come first.
  package func first(where condition: (Member) -> Bool) -> Member? {
    for case .some(let member) in slots[head...] where condition(member) { return member }
    return nil
  }

  /// Adds `member` at the end; no effect on one that is there already.
  package mutating func append(_ member: Member) {
    guard position(of: member) == nil else { return }
    positions?[member] = slots.count
    slots.append(member)
    if positions == nil, slots.count > Self.shortCount { settle() }
  }

  /// Removes `member`; no effect when it is not there.
  package mutating func remove(_ member: Member) {
    guard let position = position(of: member) else { return }
    guard positions != nil else {
      slots.remove(at: position)
      return
    }
    slots[position] = nil
    positions?[member] = nil
    while head < slots.count, slots[head] == nil { head += 1 }
    if slots.count > 2 * count + Self.shortCount { settle() }
  }

  /// Appends or removes `member`.
  mutating func set(_ member: Member, isIn: Bool) {
    if isIn { append(member) } else { remove(member) }
  }

  private func position(of member: Member) -> Int? {
    if let positions { positions[member] } else { slots.firstIndex(of: member) }
  }

  /// Closes the gaps, and learns the places anew if there are many.
  private mutating func settle() {
    let members = members
    slots = members
    head = 0
    let isShort = members.count <= Self.shortCount / 2
    positions = isShort ? nil : Dictionary(uniqueKeysWithValues: members.enumerated().map { ($1, $0) })
  }
}

extension Roster: Sendable where Member: Sendable {}

extension Roster: Equatable {
  package static func == (left: Roster, right: Roster) -> Bool { left.members == right.members }
}

extension Roster: Codable where Member: Codable {
  package init(from decoder: any Decoder) throws {
    for member in try [Member](from: decoder) { append(member) }
  }

  package func encode(to encoder: any Encoder) throws { try members.encode(to: encoder) }
}
