/// The members of a roster behind its first one, in the order in which they came.
///
/// Up to 16 are looked through. Of more, the slot of each is found by its hash; who leaves makes a gap, and gaps are closed
/// when they outnumber the members.
struct Crowd<Member: Identifier> {
  private static var shortCount: Int { 16 }
  /// What stands in a gap: the identifier that is nobody's.
  private static var nobody: Member { Member(rawValue: 0) }

  private var slots: [Member] = []
  /// No member stands before this slot.
  private var head = 0
  private(set) var count = 0
  /// An open hash table of slots, each in the first place that was free from its member's on, -1 in the free ones. A power
  /// of two, at least twice the slots; empty while the crowd is short and has no gaps. A gap keeps its place.
  private var places: [Int] = []

  func contains(_ member: Member) -> Bool { slot(of: member) != nil }

  /// The first member at `slot` or behind it, and then `slot` is the one behind that.
  func next(from slot: inout Int) -> Member? {
    slot = Swift.max(slot, head)
    while slot < slots.count {
      defer { slot += 1 }
      if slots[slot] != Self.nobody { return slots[slot] }
    }
    return nil
  }

  /// Adds `member` at the end; no effect on one that is there already, or on nobody.
  mutating func append(_ member: Member) {
    guard member != Self.nobody, slot(of: member) == nil else { return }
    slots.append(member)
    count += 1
    if places.isEmpty ? slots.count > Self.shortCount : 2 * slots.count > places.count {
      settle()
    } else if !places.isEmpty {
      places[freePlace(for: member)] = slots.count - 1
    }
  }

  mutating func remove(_ member: Member) {
    if let slot = slot(of: member) { vacate(slot) }
  }

  mutating func popFirst() -> Member? {
    guard count > 0 else { return nil }
    let first = slots[head]
    vacate(head)
    return first
  }

  private mutating func vacate(_ slot: Int) {
    count -= 1
    guard !places.isEmpty else {
      slots.remove(at: slot)
      return
    }
    slots[slot] = Self.nobody
    while head < slots.count, slots[head] == Self.nobody { head += 1 }
    if slots.count > 2 * count + Self.shortCount { settle() }
  }

  private func slot(of member: Member) -> Int? {
    guard !places.isEmpty else { return slots.firstIndex(of: member) }
    var place = home(of: member)
    while places[place] >= 0 {
      if slots[places[place]] == member, member != Self.nobody { return places[place] }
      place = (place + 1) & (places.count - 1)
    }
    return nil
  }

  // MARK: - Places

  /// Closes the gaps, and finds places anew if there are many members.
  private mutating func settle() {
    slots.removeAll { $0 == Self.nobody }
    head = 0
    guard count > Self.shortCount / 2 else {
      places = []
      return
    }
    places = Array(repeating: -1, count: Self.placeCount(for: count))
    for (slot, member) in slots.enumerated() { places[freePlace(for: member)] = slot }
  }

  /// The power of two that is room for twice as many members, with as many free places.
  private static func placeCount(for count: Int) -> Int { 1 << (Int.bitWidth - (4 * count - 1).leadingZeroBitCount) }

  private func freePlace(for member: Member) -> Int {
    var place = home(of: member)
    while places[place] >= 0 { place = (place + 1) & (places.count - 1) }
    return place
  }

  /// Mixes all bits, so that no stride of identifiers crowds into one part.
  private func home(of member: Member) -> Int {
    var bits = (member.rawValue ^ member.rawValue >> 32) &* 0x9E37_79B9_7F4A_7C15
    bits = (bits ^ bits >> 29) &* 0xBF58_476D_1CE4_E5B9
    return Int(truncatingIfNeeded: bits ^ bits >> 32) & (places.count - 1)
  }
}

extension Crowd: Sendable where Member: Sendable {}
