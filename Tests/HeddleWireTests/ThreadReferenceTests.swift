import HeddleModel
import HeddleWire
import Testing

@Suite("References to threads, as text")
struct ThreadReferenceTests {
  @Test("a reference is read as it is written", arguments: [Samples.byID, Samples.byName, Samples.elsewhere])
  func roundTrip(reference: ThreadReference) throws {
    #expect(try ThreadReference(parsing: reference.description) == reference)
  }

  @Test("an id is hexadecimal")
  func hexadecimal() throws {
    #expect(try ThreadReference(parsing: "id:7F3a") == .id(ThreadID(rawValue: 0x7F3A)))
  }

  @Test(
    "id: without a number that a thread can have is nothing",
    arguments: ["id:", "id:0", "id:x", "id:11112222333344445"]
  )
  func noID(text: String) {
    #expect(throws: EntityNameError.character(":", offset: 2)) { try ThreadReference(parsing: text) }
  }
}
