import HeddleServer
import HeddleThreads
import Testing

// The code of the library's catalogue and doc comments, where it is compiled and run: each of its blocks stands here, line
// by line.

@Suite("the server library's code", .timeLimit(.minutes(1)))
struct ServerSnippets {
  @Test("a line echo")
  func echo() async throws {
    try await inWorld { stage in
      let probe = try await Listener(port: 0)
      let port = try #require(probe.port)
      probe.close()
      _ = try await LocalThread {
        try await runServer(port: port, connectionTimeout: .seconds(60)) { input, output in
          for try await line in input.lines { try await output.write(line + [UInt8(ascii: "\n")]) }
        }
      }
      // Then it listens.
      try await stage.settle()
      let client = try await openConnection(to: .internet(host: "127.0.0.1", port: UInt16(port)))
      try await client.output.write("there\nand back\n")
      client.output.close()
      #expect(try await client.input.text() == "there\nand back\n")
    }
  }

  @Test("a line or a time")
  func choice() async throws {
    try await inWorld { stage in
      let (input, output) = try await openPipe()
      let waiter = try await LocalThread {
        let line = try await sync(
          input.lineReadable().handle { try await input.readLine() },
          after(.seconds(5)).wrap { [UInt8]("nothing".utf8) }
        )
        stage.log.note(line?.text ?? "end")
      }
      try await stage.advance(by: .seconds(5))
      try await waiter.wait()
      #expect(stage.log.all == ["nothing"])
      output.close()
    }
  }

  @Test("a word that is peeked at and committed")
  func commit() async throws {
    try await inWorld { _ in
      let (input, output) = try await openPipe()
      try await output.write("words and more")
      var words: [[UInt8]] = []
      while true {
        let progress = input.progress
        let word = try await input.peek(4)
        guard try await input.commit(word.count, unless: progress) else { continue }
        words.append(word)
        break
      }
      #expect(words.map(\.text) == ["word"])
    }
  }

  @Test("a server at a Unix socket")
  func unix() async throws {
    try await inWorld { stage in
      try await withTemporaryDirectory { directory in
        let path = directory + "/socket"
        _ = try await LocalThread {
          try await runServer(
            port: 1,
            listen: { _, backlog, _ in try await Listener(path: path, backlog: backlog) },
            connection: { input, output in try await output.write("hello over a Unix socket\n") }
          )
        }
        try await stage.settle()
        let (input, output) = try await openConnection(to: .unix(path: path))
        output.close()
        let greeting = try await input.readLine()
        #expect(greeting?.text == "hello over a Unix socket")
      }
    }
  }
}
