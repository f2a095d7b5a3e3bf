import Foundation
import Testing

@testable import HeddleModel

@Suite("A table of records under identifiers")
struct IDTableTests {
  private typealias Table = IDTable<ThreadID, String>

  private func table(count: Int) -> Table {
    var table = Table()
    for number in 0..<count { _ = table.insert("record \(number + 1)") }
    return table
  }

  @Test("identifiers are counted from 1")
  func counted() {
    var table = Table()
    #expect([table.insert("a"), table.insert("b")] == [ThreadID(rawValue: 1), ThreadID(rawValue: 2)])
    #expect(table[ThreadID(rawValue: 2)] == "b")
  }

  @Test("an identifier is never given out again, also when its record is gone")
  func neverAgain() {
    var table = table(count: 3)
    let last = ThreadID(rawValue: 3)
    table.remove(last)
    #expect(table[last] == nil)
    #expect(table.wasUsed(last))
    #expect(table.insert("d") == ThreadID(rawValue: 4))
  }

  @Test("what was never given out is not there, and was never used", arguments: [0, 4, 64, 1_000, .max])
  func unused(number: UInt64) {
    var table = table(count: 3)
    let id = ThreadID(rawValue: number)
    #expect(table[id] == nil)
    #expect(!table.wasUsed(id))
    table.remove(id)
    table[id]?.append("!")
    #expect(table == self.table(count: 3))
  }

  @Test("a record is changed in its place")
  func changed() {
    var table = table(count: 100)
    table[ThreadID(rawValue: 70)]?.append("!")
    #expect(table[ThreadID(rawValue: 70)] == "record 70!")
    #expect(table[ThreadID(rawValue: 71)] == "record 71")
  }

  @Test("iteration is in the order of creation")
  func ordered() {
    var table = table(count: 200)
    for number in stride(from: 1, through: 200, by: 2) { table.remove(ThreadID(rawValue: UInt64(number))) }
    #expect(table.ids.map(\.rawValue) == stride(from: 2, through: 200, by: 2).map { UInt64($0) })
    #expect(table.pairs.map(\.1) == stride(from: 2, through: 200, by: 2).map { "record \($0)" })
  }

  @Test("a page that lost all its records is empty, and its neighbours are whole")
  func pages() {
    var table = table(count: 300)
    for number in UInt64(64)..<192 { table.remove(ThreadID(rawValue: number)) }
    #expect(table.count == 300 - 128)
    #expect((UInt64(64)..<192).allSatisfy { table[ThreadID(rawValue: $0)] == nil })
    #expect(table[ThreadID(rawValue: 63)] == "record 63")
    #expect(table[ThreadID(rawValue: 192)] == "record 192")
    // Nothing is found under an empty page's identifiers that could be changed or removed a second time.
    table.remove(ThreadID(rawValue: 64))
    table[ThreadID(rawValue: 64)]?.append("!")
    #expect(table.count == 300 - 128)
  }

  @Test("the first page may lose all its records and the table goes on")
  func firstPage() {
    var table = table(count: 63)
    for number in UInt64(1)...63 { table.remove(ThreadID(rawValue: number)) }
    #expect(table.ids.isEmpty)
    #expect(table[ThreadID(rawValue: 0)] == nil)
    #expect(table[table.insert("next")] == "next")
  }

  @Test(
    "pages that come and go leave nothing behind, from one record at a time to some hundred",
    arguments: [1, 2, 70, 200]
  )
  func window(width: Int) {
    var table = Table()
    for number in 1...1_000 {
      #expect(table.insert("record \(number)") == ThreadID(rawValue: UInt64(number)))
      if number > width { table.remove(ThreadID(rawValue: UInt64(number - width))) }
    }
    let last = 1_001 - width...1_000
    #expect(table.pairs.map(\.1) == last.map { "record \($0)" })
    #expect((1...1_000).allSatisfy { table.contains(ThreadID(rawValue: UInt64($0))) == last.contains($0) })
    #expect(table.count == width)
  }

  @Test("behaves as a dictionary with a counter does", arguments: 1...10)
  func model(seed: Int) {
    var random = SplitMix64(seed: UInt64(seed))
    var (table, dictionary) = (IDTable<ThreadID, Int>(), [ThreadID: Int]())
    for step in 0..<1_000 {
      let id = ThreadID(rawValue: UInt64(random.below(Int(table.next.rawValue) + 2)))
      // The older half goes in the end, so that whole pages do.
      if random.chance(step < 500 ? 70 : 20) {
        dictionary[table.insert(step)] = step
      } else {
        table.remove(id)
        dictionary[id] = nil
      }
      #expect(table[id] == dictionary[id])
      #expect(table.count == dictionary.count)
    }
    #expect(table.pairs.map(\.0) == dictionary.keys.sorted())
    #expect(table.pairs.allSatisfy { dictionary[$0.0] == $0.1 })
  }

  @Test("written and read again, it is the same, and gives the same identifier next")
  func coded() throws {
    var table = table(count: 150)
    for number in UInt64(60)...150 { table.remove(ThreadID(rawValue: number)) }
    var copy = try JSONDecoder().decode(Table.self, from: JSONEncoder().encode(table))
    #expect(copy == table)
    #expect(copy.insert("new") == table.insert("new"))
    #expect(copy == table)
  }

  @Test(
    "corrupt data is refused",
    arguments: [
      (#"{"next": 3, "entries": [{"id": 3, "record": "a"}]}"#, "an identifier that was never given out"),
      (#"{"next": 3, "entries": [{"id": 0, "record": "a"}]}"#, "the identifier that is nobody's"),
      (#"{"next": 3, "entries": [{"id": 1, "record": "a"}, {"id": 1, "record": "b"}]}"#, "an identifier twice"),
      (#"{"next": 3, "entries": [{"id": -1, "record": "a"}]}"#, "an identifier below zero"),
      (#"{"next": 0, "entries": []}"#, "a counter below 1"),
      (#"{"next": 3}"#, "no entries"),
      (#"{"entries": []}"#, "no counter"),
    ]
  )
  func corrupt(text: String, what: String) {
    #expect(throws: DecodingError.self, "\(what)") { try JSONDecoder().decode(Table.self, from: Data(text.utf8)) }
  }

  @Test("identifiers that were given out without a record take no place")
  func leap() {
    var table = table(count: 3)
    for number in 1...3 { table.remove(ThreadID(rawValue: UInt64(number))) }
    for _ in 0..<1_000_000 { _ = table.reserve() }
    let id = table.insert("late")
    #expect(id == ThreadID(rawValue: 1_000_004))
    #expect(table[id] == "late")
    #expect(table.pairs.map(\.0) == [id])
    #expect(table[ThreadID(rawValue: 2)] == nil)
    #expect(table.remove(id) == "late")
  }

  @Test("the few records that outlive many others are found, changed, listed and removed like any")
  func elders() throws {
    var table = Table()
    var survivors: [ThreadID] = []
    for number in 1...100_000 {
      let id = table.insert("record \(number)")
      if number % 9_000 == 0 { survivors.append(id) } else { table.remove(id) }
    }
    #expect(table.ids == survivors)
    for id in survivors { table[id]?.append("!") }
    #expect(table.pairs.map(\.1) == survivors.map { "record \($0.rawValue)!" })
    let copy = try JSONDecoder().decode(Table.self, from: JSONEncoder().encode(table))
    #expect(copy == table)
    for id in survivors { #expect(table.remove(id) == "record \(id.rawValue)!") }
    #expect(table.count == 0)
    #expect(table.ids.isEmpty)
  }
}
