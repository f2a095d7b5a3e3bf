import Foundation
import HeddleModel
import Testing

@Suite("A roster")
struct RosterTests {
  /// A roster of threads, by number.
  private func roster(_ members: some Sequence<Int>) -> Roster<ThreadID> {
    var roster = Roster<ThreadID>()
    for member in members { roster.append(thread(member)) }
    return roster
  }

  private func thread(_ number: Int) -> ThreadID { ThreadID(rawValue: UInt64(number)) }

  private func threads(_ numbers: some Sequence<Int>) -> [ThreadID] { numbers.map(thread) }

  @Test("keeps the order in which its members came, short or long", arguments: [0, 1, 16, 17, 1_000])
  func order(count: Int) {
    let members = (1...1_000).prefix(count).map { ($0 * 7_919) % 1_009 }
    #expect(roster(members).members == threads(members))
    #expect(roster(members).first == members.first.map(thread))
  }

  @Test("has each member once: who is there already keeps the place", arguments: [3, 100])
  func once(count: Int) {
    var roster = roster(1...count)
    roster.append(thread(1))
    roster.append(thread(count))
    #expect(roster.members == threads(1...count))
    #expect(roster.count == count)
  }

  @Test("who left and comes again is the last", arguments: [3, 100])
  func again(count: Int) {
    var roster = roster(1...count)
    roster.remove(thread(2))
    #expect(!roster.contains(thread(2)))
    roster.append(thread(2))
    #expect(roster.members == threads([1] + Array(3...count) + [2]))
  }

  @Test("the removal of a stranger has no effect", arguments: [3, 100])
  func stranger(count: Int) {
    var roster = roster(1...count)
    roster.remove(thread(count + 1))
    #expect(roster.members == threads(1...count))
  }

  @Test("a search looks at the members in order, past the gaps")
  func search() {
    var roster = roster(1...100)
    for member in 1..<30 { roster.remove(thread(member)) }
    roster.remove(thread(40))
    #expect(roster.first == thread(30))
    #expect(roster.first { $0 >= thread(40) } == thread(41))
    #expect(roster.first { $0 > thread(1_000) } == nil)
  }

  @Test("knows whether it has one member and no other")
  func only() {
    var roster = roster([1, 2])
    #expect(!roster.isOnly(thread(1)))
    roster.remove(thread(1))
    #expect(roster.isOnly(thread(2)) && !roster.isOnly(thread(1)))
  }

  @Test("is equal to one with the same members that never had gaps")
  func equality() {
    var gaps = roster(1...100)
    for member in 1..<50 { gaps.remove(thread(member)) }
    #expect(gaps == roster(50...100))
    #expect(gaps != roster((50...100).reversed()))
  }

  @Test("behaves as an array does, through growth, gaps and shrinking", arguments: 1...20)
  func model(seed: Int) {
    var random = SplitMix64(seed: UInt64(seed))
    var (roster, array) = (Roster<ThreadID>(), [ThreadID]())
    for step in 0..<2_000 {
      // It grows and shrinks by turns, so that it crosses the length where it changes its form, in both directions.
      let isGrowing = step / 250 % 2 == 0
      let member = random.chance(isGrowing ? 20 : 60) ? random.pick(array) ?? thread(1) : thread(1 + random.below(400))
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

  @Test(
    "an iteration gives the members of its beginning, whatever joins and leaves meanwhile",
    arguments: [1, 2, 3, 100]
  )
  func iteration(count: Int) {
    var (roster, seen) = (roster(1...count), [ThreadID]())
    for member in roster {
      seen.append(member)
      roster.remove(member)
      roster.append(thread(1_000 + seen.count))
    }
    #expect(seen == threads(1...count))
    #expect(roster.members == threads(1_001...1_000 + count))
  }

  @Test("nobody is not a member, and does not become one", arguments: [0, 1, 3, 100])
  func nobody(count: Int) {
    let nobody = ThreadID(rawValue: 0)
    var roster = roster(1..<count + 1)
    roster.append(nobody)
    roster.remove(nobody)
    #expect(roster.members == threads(1..<count + 1))
    #expect(!roster.contains(nobody) && !roster.isOnly(nobody))
  }

  @Test("of 100,000 members each joins and leaves at about the cost that it has of 1,000")
  func linear() {
    let ratio = growth { count in
      var roster = roster(1...count)
      while let member = roster.first { roster.remove(member) }
    }
    #expect(ratio < 10)
  }

  @Test("written and read again, it is the same")
  func coded() throws {
    var roster = roster(1...100)
    roster.remove(thread(10))
    let copy = try JSONDecoder().decode(Roster<ThreadID>.self, from: JSONEncoder().encode(roster))
    #expect(copy == roster)
  }
}
