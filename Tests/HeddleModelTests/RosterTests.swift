import Foundation
import HeddleModel
import Testing

@Suite("A roster")
struct RosterTests {
  private func roster(_ members: some Sequence<Int>) -> Roster<Int> {
    var roster = Roster<Int>()
    for member in members { roster.append(member) }
    return roster
  }

  @Test("keeps the order in which its members came, short or long", arguments: [0, 1, 16, 17, 1_000])
  func order(count: Int) {
    let members = (0..<count).map { ($0 * 7_919) % 1_009 }
    #expect(roster(members).members == members)
    #expect(roster(members).first == members.first)
  }

  @Test("has each member once: who is there already keeps the place", arguments: [3, 100])
  func once(count: Int) {
    var roster = roster(0..<count)
    roster.append(0)
    #expect(roster.members == Array(0..<count))
    #expect(roster.count == count)
  }

  @Test("who left and comes again is the last", arguments: [3, 100])
  func again(count: Int) {
    var roster = roster(0..<count)
    roster.remove(1)
    #expect(!roster.contains(1))
    roster.append(1)
    #expect(roster.members == [0] + Array(2..<count) + [1])
  }

  @Test("the removal of a stranger has no effect", arguments: [3, 100])
  func stranger(count: Int) {
    var roster = roster(0..<count)
    roster.remove(-1)
    #expect(roster.members == Array(0..<count))
  }

  @Test("a search looks at the members in order, past the gaps")
  func search() {
    var roster = roster(0..<100)
    for member in 0..<30 { roster.remove(member) }
    roster.remove(40)
    #expect(roster.first == 30)
    #expect(roster.first { $0 >= 40 } == 41)
    #expect(roster.first { $0 > 1_000 } == nil)
  }

  @Test("is equal to one with the same members that never had gaps")
  func equality() {
    var gaps = roster(0..<100)
    for member in 0..<50 { gaps.remove(member) }
    #expect(gaps == roster(50..<100))
    #expect(gaps != roster((50..<100).reversed()))
  }

  @Test("behaves as an array does, through growth, gaps and shrinking", arguments: 1...20)
  func model(seed: Int) {
    var random = SplitMix64(seed: UInt64(seed))
    var (roster, array) = (Roster<Int>(), [Int]())
    for step in 0..<2_000 {
      // It grows and shrinks by turns, so that it crosses the length where it changes its form, in both directions.
      let isGrowing = step / 250 % 2 == 0
      let member = random.chance(isGrowing ? 20 : 60) ? random.pick(array) ?? 0 : random.below(400)
      if random.chance(isGrowing ? 80 : 15) {
        roster.append(member)
        if !array.contains(member) { array.append(member) }
      } else {
        roster.remove(member)
        array.removeAll { $0 == member }
      }
      #expect(roster.members == array)
      #expect(roster.count == array.count && roster.isEmpty == array.isEmpty)
      #expect(roster.first == array.first && roster.contains(member) == array.contains(member))
    }
  }

  @Test("of 100,000 members each joins and leaves at about the cost that it has of 1,000")
  func linear() {
    let ratio = growth { count in
      var roster = roster(0..<count)
      while let member = roster.first { roster.remove(member) }
    }
    #expect(ratio < 10)
  }

  @Test("written and read again, it is the same")
  func coded() throws {
    var roster = roster(0..<100)
    roster.remove(10)
    let copy = try JSONDecoder().decode(Roster<Int>.self, from: JSONEncoder().encode(roster))
    #expect(copy == roster)
  }
}
