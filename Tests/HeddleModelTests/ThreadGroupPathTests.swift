import HeddleModel
import Testing

@Suite("paths of thread groups")
struct ThreadGroupPathTests {
  @Test("a path is the same with or without the slash at its beginning, and the empty one is the group above all")
  func text() throws {
    #expect(try ThreadGroupPath(parsing: "render/tiles") == ThreadGroupPath(parsing: "/render/tiles"))
    #expect(try ThreadGroupPath(parsing: "render/tiles").description == "/render/tiles")
    for text in ["", "/"] { #expect(try ThreadGroupPath(parsing: text) == .root) }
    #expect(ThreadGroupPath.root.description == "/")
  }

  @Test("what is between slashes is a name", arguments: ["a//b", "/a/", "a b", "//"])
  func refused(text: String) {
    #expect(throws: CustodianPathError.self) { try ThreadGroupPath(parsing: text) }
  }
}
