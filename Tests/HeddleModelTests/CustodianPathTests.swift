import Foundation
import Testing

@testable import HeddleModel

@Suite("Custodian paths")
struct CustodianPathTests {
  @Test(
    "a path with a slash in front is absolute, another one is below /main",
    arguments: [
      ("/", "/"), ("", "/main"), ("job", "/main/job"), ("a/b", "/main/a/b"), ("/a", "/a"), ("/main", "/main"),
    ]
  )
  func parsing(text: String, absolute: String) throws {
    #expect(try CustodianPath(parsing: text).description == absolute)
  }

  @Test("what is wrong is said, with its place in the whole text")
  func refused() {
    #expect(throws: CustodianPathError.component(.empty, offset: 1)) { try CustodianPath(parsing: "//") }
    #expect(throws: CustodianPathError.component(.empty, offset: 5)) { try CustodianPath(parsing: "main/") }
    #expect(throws: CustodianPathError.component(.onlyDots, offset: 6)) { try CustodianPath(parsing: "/main/..") }
    let error = #expect(throws: CustodianPathError.self) { try CustodianPath(parsing: "/main/jo b") }
    #expect(error == .component(.character(" ", offset: 2), offset: 6))
    #expect(error?.description == #"character 9 is " ", and a name has only letters, digits, . _ and -"#)
  }

  @Test("64 components are a path, 65 are not, however they come together")
  func depth() throws {
    let deepest = try CustodianPath(parsing: String(repeating: "/x", count: 64))
    #expect(deepest.components.count == 64)
    #expect(throws: CustodianPathError.tooDeep(count: 65)) { try deepest.appending(EntityName("x")) }
    #expect(throws: CustodianPathError.tooDeep(count: 65)) {
      try CustodianPath(parsing: String(repeating: "/x", count: 65))
    }
  }

  @Test("a custodian is at or below itself and those above it, and below no other")
  func order() throws {
    let job = try CustodianPath.main.appending(EntityName("job"))
    #expect(job.isAtOrBelow(job) && job.isAtOrBelow(.main) && job.isAtOrBelow(.root))
    #expect(!CustodianPath.main.isAtOrBelow(job))
    #expect(try !CustodianPath(parsing: "/mainly").isAtOrBelow(.main))
    #expect(job.parent == .main)
    #expect(CustodianPath.root.parent == nil)
  }

  @Test("a coded path is its text, and is checked when it is decoded")
  func coding() throws {
    let text = try JSONEncoder().encode([CustodianPath.main])
    #expect(try JSONDecoder().decode([CustodianPath].self, from: text) == [.main])
    #expect(throws: CustodianPathError.component(.empty, offset: 3)) {
      try JSONDecoder().decode([CustodianPath].self, from: Data(#"["/a/"]"#.utf8))
    }
  }
}
