import Foundation
import HeddleServer
import HeddleThreads
import TestPrograms
import Testing

@Suite("a client that nobody here wrote", .timeLimit(.minutes(1)))
struct CurlTests {
  private static let curl = "/usr/bin/curl"

  /// As much of HTTP/1.1 as serves one page, of which the query says the size, and takes one.
  private static let page: Site.Connection = { input, output in
    guard let request = try await input.line()?.split(separator: " "), request.count == 3 else { return }
    var length = 0
    while let field = try await input.line()?.lowercased(), field != "\r" {
      if let value = field.wholeMatch(of: /content-length: *(\d+)\r/)?.1 { length = Int(value) ?? 0 }
      if field.hasPrefix("expect: 100-continue") { try await output.write("HTTP/1.1 100 Continue\r\n\r\n") }
    }
    let body = try await input.read(exactly: length) ?? []
    let answer = request[0] == "GET" ? Array(repeating: 7, count: Int(request[1].dropFirst()) ?? 0) : body
    try await output.write("HTTP/1.1 200 OK\r\nContent-Length: \(answer.count)\r\nConnection: close\r\n\r\n")
    try await output.write(answer)
  }

  /// What curl prints.
  private static func curl(_ arguments: String..., input: [UInt8] = []) async throws -> [UInt8] {
    let program = try StartedProgram(curl, ["--silent", "--show-error", "--max-time", "30"] + arguments, input: input)
    _ = try await program.runToEnd()
    return program.output.bytes
  }

  @Test(
    "curl gets pages small and large, and has one come back",
    .enabled(if: FileManager.default.fileExists(atPath: curl))
  )
  func pages() async throws {
    try await inWorld { _ in
      let opened = Promise<Listener>()
      _ = try await LocalThread {
        try await runServer(
          port: 1,
          listen: { _, backlog, _ in
            let listener = try await Listener(port: 0, host: "127.0.0.1", backlog: backlog)
            opened.fulfill(listener)
            return listener
          },
          connection: Self.page
        )
      }
      let address = try await sync(opened).address
      for size in [0, 1, 100_000, 5_000_000] {
        let page = try await Self.curl("http://\(address)/\(size)")
        #expect(page.count == size && page.allSatisfy { $0 == 7 })
      }
      let sent = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0) }
      #expect(try await Self.curl("--data-binary", "@-", "http://\(address)/", input: sent) == sent)
    }
  }
}
