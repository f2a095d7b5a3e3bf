/// A set that keeps the order in which its members came; joining and leaving take constant time on average.
///
/// A member that leaves makes a gap; gaps are closed when they outnumber the members.
package struct Roster<Member: Hashable> {
  private var slots: [Member?] = []
  private var positions: [Member: Int] = [:]
  /// No member stands before this slot.
  private var head = 0

  package init() {}

  package var count: Int { positions.count }
  package var isEmpty: Bool { positions.isEmpty }

  /// The members, first come first.
  package var members: [Member] { slots[head...].compactMap(\.self) }

  /// The member that came first.
  package var first: Member? { head < slots.count ? slots[head] : nil }

  package func contains(_ member: Member) -> Bool { positions[member] != nil }

  /// The first member that satisfies `condition`, first come first.
  package func first(where condition: (Member) -> Bool) -> Member? {
    for case .some(let member) in slots[head...] where condition(member) { return member }
    return nil
  }

  /// Adds `member` at the end; no effect on one that is there already.
  ///
  /// - Returns: whether it was added.
  @discardableResult
  package mutating func append(_ member: Member) -> Bool {
    guard positions[member] == nil else { return false }
    positions[member] = slots.count
    slots.append(member)
    return true
  }

  /// Removes `member`; no effect when it is not there.
  package mutating func remove(_ member: Member) {
    guard let position = positions.removeValue(forKey: member) else { return }
    slots[position] = nil
    while head < slots.count, slots[head] == nil { head += 1 }
    if slots.count > 2 * positions.count + 8 { closeGaps() }
  }

  /// Appends or removes `member`.
  mutating func set(_ member: Member, isIn: Bool) {
    if isIn { append(member) } else { remove(member) }
  }

  private mutating func closeGaps() {
    slots = members
    head = 0
    positions = Dictionary(uniqueKeysWithValues: members.enumerated().map { ($1, $0) })
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
