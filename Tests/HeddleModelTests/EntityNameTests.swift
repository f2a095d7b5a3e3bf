import Testing

@testable import HeddleModel

@Suite("Names of thread entities")
struct EntityNameTests {
  @Test(
    "letters, digits, dots, underscores and hyphens make a name",
    arguments: ["a", "Z9", "0", "_x", ".x", "a-b.c_d", "..."]
  )
  func allowed(text: String) throws {
    #expect(try EntityName(text).description == text)
  }

  @Test("what is wrong is said, with the place of a bad character")
  func refused() {
    #expect(throws: EntityNameError.empty) { try EntityName("") }
    #expect(throws: EntityNameError.leadingHyphen) { try EntityName("-x") }
    #expect(throws: EntityNameError.onlyDots) { try EntityName("..") }
    #expect(throws: EntityNameError.onlyDots) { try EntityName(".") }
    #expect(throws: EntityNameError.character(" ", offset: 2)) { try EntityName("ab c") }
    #expect(throws: EntityNameError.character("é", offset: 0)) { try EntityName("été") }
    #expect(throws: EntityNameError.character("\r\n", offset: 1)) { try EntityName("a\r\n") }
    #expect(throws: EntityNameError.character("e\u{301}", offset: 1)) { try EntityName("ae\u{301}") }
  }

  @Test("63 characters are a name, 64 are not")
  func length() throws {
    #expect(try EntityName(String(repeating: "x", count: 63)).text.count == 63)
    #expect(throws: EntityNameError.tooLong(count: 64)) { try EntityName(String(repeating: "x", count: 64)) }
  }

  @Test("a bad character is told for people by its place from 1")
  func sentence() {
    let error = EntityNameError.character(" ", offset: 2)
    #expect(error.description == #"character 3 is " ", and a name has only letters, digits, . _ and -"#)
  }
}
