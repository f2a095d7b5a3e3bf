import HeddleServer
import HeddleThreads
import Testing

@Suite("ports", .timeLimit(.minutes(1)))
struct PortTests {
  /// A story with the two ends of one connection of a Unix socket.
  private typealias Ends = (input: InputPort, output: OutputPort)

  private static func connected(_ story: @Sendable (Stage, _ here: Ends, _ there: Ends) async throws -> Void)
    async throws
  {
    try await inWorld { stage in
      try await withTemporaryDirectory { directory in
        let listener = try await Listener(path: directory + "/socket")
        let here = try await openConnection(to: listener.address)
        let there = try await listener.accept()
        try await story(stage, here, there)
      }
    }
  }

  @Test("what is written at one end is read at the other, in order, until the end")
  func order() async throws {
    try await Self.connected { _, here, there in
      try await here.output.write("one ")
      try await here.output.write("two")
      here.output.close()
      #expect(try await there.input.text() == "one two")
      #expect(try await there.input.read() == nil)
    }
  }

  @Test("a read takes at most its limit, and leaves the rest to the next")
  func limit() async throws {
    try await Self.connected { _, here, there in
      try await here.output.write("abcdef")
      #expect(try await there.input.peek(6).text == "abcdef")
      #expect(try await there.input.read(upTo: 2)?.text == "ab")
      #expect(try await there.input.readAvailable(upTo: 3).text == "cde")
      #expect(try await there.input.read()?.text == "f")
      #expect(try await there.input.readAvailable().isEmpty)
    }
  }

  @Test("an exact read waits for all of its bytes, and gets fewer only at the end")
  func exact() async throws {
    try await Self.connected { stage, here, there in
      let reader = try await LocalThread {
        stage.log.note(try await there.input.read(exactly: 4)?.text ?? "end")
        stage.log.note(try await there.input.read(exactly: 4)?.text ?? "end")
        stage.log.note(try await there.input.read(exactly: 4)?.text ?? "end")
      }
      for piece in ["ab", "cd", "ef"] { try await here.output.write(piece) }
      here.output.close()
      try await reader.wait()
      #expect(stage.log.all == ["abcd", "ef", "end"])
    }
  }

  @Test("lines come without their newlines, the last also without having had one, and empty ones are lines")
  func lines() async throws {
    try await Self.connected { stage, here, there in
      try await here.output.write("one\n\ntwo\nthr")
      try await here.output.write("ee")
      here.output.close()
      for try await line in there.input.lines { stage.log.note(line.text) }
      #expect(stage.log.all == ["one", "", "two", "three"])
    }
  }

  @Test("a line that is too long is refused, and is not taken")
  func longLine() async throws {
    try await Self.connected { _, here, there in
      try await here.output.write("12345\n")
      let error = await #expect(throws: NetworkError.self) { try await there.input.readLine(upTo: 4) }
      #expect(error?.code == .lineTooLong)
      #expect(try await there.input.readLine(upTo: 5)?.text == "12345")
    }
  }

  @Test("TH-34: each byte goes to exactly one of several readers")
  func oneReaderEach() async throws {
    try await Self.connected { stage, here, there in
      let readers = try await (0..<8).asyncMap { _ in
        try await LocalThread { while let bytes = try await there.input.read(upTo: 3) { stage.log.note(bytes.text) } }
      }
      let sent = (0..<2_000).map { "\($0)," }.joined()
      for piece in Array(sent.utf8).chunks(of: 7) { try await here.output.write(piece) }
      here.output.close()
      for reader in readers { try await reader.wait() }
      #expect(stage.log.all.joined().sorted() == sent.sorted())
    }
  }

  @Test("TH-34: a reader that is killed while it waits takes nothing, nor does one that is suspended")
  func stoppedReader() async throws {
    try await Self.connected { stage, here, there in
      let read: @Sendable () async throws -> Void = { stage.log.note(try await there.input.readLine()?.text ?? "end") }
      let (killed, suspended) = (try await LocalThread(read), try await LocalThread(read))
      try await stage.settle()
      try await killed.kill()
      try await suspended.suspend()
      try await here.output.write("first\nsecond\n")
      #expect(try await there.input.readLine()?.text == "first")
      #expect(stage.log.all.isEmpty)
      try await suspended.resume()
      try await suspended.wait()
      #expect(stage.log.all == ["second"])
    }
  }

  @Test("TH-34: readers that are killed while bytes come have taken each byte wholly or not at all")
  func killedReaders() async throws {
    try await Self.connected { stage, here, there in
      let sent = (0..<3_000).map { "\($0)," }.joined()
      let writer = try await LocalThread {
        for piece in Array(sent.utf8).chunks(of: 5) { try await here.output.write(piece) }
        here.output.close()
      }
      // What a reader has taken it notes before its next safe point.
      for _ in 0..<200 {
        let reader = try await LocalThread {
          while let bytes = try await there.input.read(upTo: 2) { stage.log.note(bytes.text) }
        }
        try await LocalThread.sleep()
        try await reader.kill()
      }
      while let bytes = try await there.input.read() { stage.log.note(bytes.text) }
      try await writer.wait()
      #expect(stage.log.all.joined() == sent)
    }
  }

  @Test("bytes that were peeked at are committed by one of two, and the other learns that there was progress")
  func commit() async throws {
    try await Self.connected { _, here, there in
      try await here.output.write("abcd")
      let (mine, yours) = (there.input.progress, there.input.progress)
      #expect(try await there.input.peek(2).text == "ab")
      #expect(try await there.input.peek(2, skipping: 1).text == "bc")
      #expect(try await poll(yours) == nil)
      #expect(try await there.input.commit(2, unless: mine))
      #expect(try await poll(yours) != nil)
      #expect(try await there.input.commit(2, unless: yours) == false)
      #expect(try await there.input.read()?.text == "cd")
    }
  }

  @Test("progress wakes who waits for it, by a read and by the port's closing")
  func progress() async throws {
    try await Self.connected { stage, here, there in
      try await here.output.write("ab")
      _ = try await there.input.peek(2)
      for act in [{ @Sendable in _ = try await there.input.read(upTo: 1) }, { @Sendable in there.input.close() }] {
        let progress = there.input.progress
        let waiter = try await LocalThread { try await sync(progress) }
        try await stage.settle()
        #expect(!waiter.isDead)
        try await act()
        try await waiter.wait()
      }
    }
  }

  @Test("a port is ready to be read when bytes have come, and a line only when it is whole")
  func readiness() async throws {
    try await Self.connected { stage, here, there in
      #expect(try await poll(there.input.readable) == nil)
      try await here.output.write("half")
      try await sync(there.input.readable)
      #expect(try await poll(there.input.lineReadable()) == nil)
      try await here.output.write("\n")
      try await sync(there.input.lineReadable())
      #expect(try await there.input.readLine()?.text == "half")
      #expect(try await poll(there.input.readable) == nil)
      here.output.close()
      try await sync(there.input.lineReadable())
      #expect(try await there.input.readLine() == nil)
    }
  }

  @Test("a wait for bytes loses against another event without taking any")
  func choice() async throws {
    try await Self.connected { stage, here, there in
      let reading = there.input.lineReadable().handle { try await there.input.readLine()?.text ?? "end" }
      let waiter = try await LocalThread {
        stage.log.note(try await sync(reading, after(.seconds(1)).wrap { "late" }))
        stage.log.note(try await sync(reading, after(.seconds(1)).wrap { "late" }))
      }
      try await stage.advance(by: .seconds(1))
      try await here.output.write("line\n")
      try await waiter.wait()
      #expect(stage.log.all == ["late", "line"])
    }
  }

  @Test("a writer waits when the other side does not read, and what a break ends was not written")
  func backpressure() async throws {
    try await Self.connected { stage, here, there in
      let piece = [UInt8](repeating: 7, count: 60_000)
      let written = Count()
      let writer = try await LocalThread {
        while true {
          do { try await here.output.write(piece) } catch is BreakError { break }
          written.increase(by: piece.count)
        }
        here.output.close()
      }
      // It would never come to rest if it did not wait.
      try await stage.settle()
      try await writer.sendBreak()
      try await writer.wait()
      var read = 0
      while let bytes = try await there.input.read() { read += bytes.count }
      #expect(read == written.value && read > 0)
    }
  }

  @Test("what is available is written at once, and counts what went")
  func writeAvailable() async throws {
    try await Self.connected { _, here, there in
      let many = [UInt8](repeating: 1, count: 4 << 20)
      let count = try await here.output.writeAvailable(many)
      #expect(0 < count && count < many.count)
      here.output.close()
      var read = 0
      while let bytes = try await there.input.read() { read += bytes.count }
      #expect(read == count)
    }
  }

  @Test("a writer that is killed while it waits for room leaves no torn piece, and the port is usable")
  func killedWriter() async throws {
    try await Self.connected { stage, here, there in
      let line = String(repeating: "x", count: 999) + "\n"
      let writer = try await LocalThread { while true { try await here.output.write(line) } }
      try await stage.settle()
      try await writer.kill()
      let last = try await LocalThread {
        try await here.output.write("last\n")
        here.output.close()
      }
      var lines: [String] = []
      while let read = try await there.input.line() { lines.append(read) }
      try await last.wait()
      #expect(lines.count > 100 && lines.last == "last")
      #expect(lines.dropLast().allSatisfy { $0.utf8.count == 999 })
    }
  }

  @Test("a flush returns when the kernel has everything")
  func flush() async throws {
    try await Self.connected { stage, here, there in
      let flusher = try await LocalThread {
        // More than any kernel keeps for those who do not read.
        for _ in 0..<512 { try await here.output.write([UInt8](repeating: 1, count: 65_536)) }
        try await here.output.flush()
        stage.log.note("flushed")
      }
      try await stage.settle()
      #expect(stage.log.all.isEmpty)
      let reader = try await LocalThread { while try await there.input.read() != nil {} }
      try await flusher.wait()
      #expect(stage.log.all == ["flushed"])
      here.output.close()
      try await reader.wait()
    }
  }

  @Test("a half that is closed leaves the other half open")
  func halfClose() async throws {
    try await Self.connected { _, here, there in
      try await here.output.write("question")
      here.output.close()
      try await here.output.flush()
      #expect(try await there.input.text() == "question")
      try await there.output.write("answer")
      there.output.close()
      #expect(try await here.input.text() == "answer")
      let error = await #expect(throws: NetworkError.self) { try await here.output.write("more") }
      #expect(error?.code == .closed)
    }
  }

  @Test("a port that is closed here wakes who waits for it, with an error")
  func closed() async throws {
    try await Self.connected { stage, _, there in
      let reader = try await LocalThread {
        do { _ = try await there.input.read() } catch let error as NetworkError { stage.log.note(error.code.rawValue) }
      }
      try await stage.settle()
      there.input.close()
      try await reader.wait()
      #expect(stage.log.all == ["closed"])
      #expect(there.input.isClosed && !there.output.isClosed)
    }
  }

  @Test("what came before the other side was lost can be read, and then comes the loss")
  func lost() async throws {
    try await inWorld { stage in
      let listener = try await Listener(port: 0, host: "127.0.0.1")
      let peer = try RawSocket(connectedTo: listener.address)
      let there = try await listener.accept()
      try peer.send("last words")
      #expect(try await there.input.peek(10).text == "last words")
      peer.reset()
      #expect(try await there.input.read(exactly: 10)?.text == "last words")
      let error = await #expect(throws: NetworkError.self) { try await there.input.read() }
      #expect(error?.code == .disconnected)
      let writing = await #expect(throws: NetworkError.self) { while true { try await there.output.write("x") } }
      #expect(writing?.code == .disconnected)
    }
  }

  @Test("a pipe of the system has two ends, and its reader's end is an error for the writer, not a signal")
  func pipe() async throws {
    try await inWorld { _ in
      let pipe = try await openPipe()
      try await pipe.output.write("through")
      #expect(try await pipe.input.read()?.text == "through")
      pipe.input.close()
      let error = await #expect(throws: NetworkError.self) { while true { try await pipe.output.write("lost") } }
      #expect(error?.code == .disconnected)
      let other = try await openPipe()
      try await other.output.write("words")
      other.output.close()
      #expect(try await other.input.text() == "words")
    }
  }

  @Test(
    "CU-15: the shutdown of a custodian closes its connections and listeners: end of file for peers, new ones refused"
  )
  func custodian() async throws {
    try await inWorld { _ in
      let custodian = try await Custodian()
      let outside = try await Listener(port: 0, host: "127.0.0.1")
      let (listener, ports) = try await Custodian.current.withValue(custodian) {
        (try await Listener(port: 0, host: "127.0.0.1"), try await openConnection(to: outside.address))
      }
      let peer = try await outside.accept()
      #expect(try await custodian.managed().resources.count == 2)
      try await custodian.shutDown()
      #expect(try await peer.input.read() == nil)
      let errors = [
        await #expect(throws: NetworkError.self) { _ = try await openConnection(to: listener.address) },
        await #expect(throws: NetworkError.self) { _ = try await ports.input.read() },
        await #expect(throws: NetworkError.self) { try await ports.output.write("x") },
        await #expect(throws: NetworkError.self) { _ = try await listener.accept() },
      ]
      #expect(errors.map { $0?.code } == [.refused, .closed, .closed, .closed])
    }
  }

  @Test("CU-15: what would be made under a custodian that is shut down is closed")
  func late() async throws {
    try await inWorld { _ in
      let listener = try await Listener(port: 0, host: "127.0.0.1")
      let custodian = try await Custodian()
      try await custodian.shutDown()
      await Custodian.current.withValue(custodian) {
        await #expect(throws: ThreadError.self) { _ = try await openConnection(to: listener.address) }
        await #expect(throws: ThreadError.self) { _ = try await openPipe() }
        await #expect(throws: ThreadError.self) { _ = try await Listener(port: 0, host: "127.0.0.1") }
      }
      let peer = try await listener.accept()
      #expect(try await peer.input.read() == nil)
    }
  }

  @Test("ports that nobody holds any more close their connection, after what was written")
  func dropped() async throws {
    try await inWorld { _ in
      let listener = try await Listener(port: 0, host: "127.0.0.1")
      do {
        let here = try await openConnection(to: listener.address)
        try await here.output.write("bye")
      }
      let there = try await listener.accept()
      #expect(try await there.input.text() == "bye")
    }
  }

  @Test("a connection knows both of its addresses")
  func addresses() async throws {
    try await inWorld { _ in
      let listener = try await Listener(port: 0)
      let port = UInt16(try #require(listener.port))
      let here = try await openConnection(to: .internet(host: "127.0.0.1", port: port))
      let there = try await listener.accept()
      let (mine, yours) = (try #require(here.input.addresses), try #require(there.input.addresses))
      #expect(mine.remote == .internet(host: "127.0.0.1", port: port) && mine == (yours.remote, yours.local))
      #expect(try await openPipe().input.addresses == nil)
    }
  }

  @Test("an address where nobody listens is refused, and one that is none, too")
  func refused() async throws {
    try await inWorld { _ in
      let listener = try await Listener(port: 0, host: "127.0.0.1")
      listener.close()
      listener.close()
      let addresses: [SocketAddress] = [
        listener.address, .unix(path: "/nonexistent/socket"), .internet(host: "localhost", port: 1),
      ]
      var codes: [NetworkError.Code?] = []
      for address in addresses {
        let error = await #expect(throws: NetworkError.self) { _ = try await openConnection(to: address) }
        codes.append(error?.code)
      }
      #expect(codes == [.refused, .refused, .badAddress])
    }
  }
}

extension Sequence {
  func asyncMap<New>(_ change: (Element) async throws -> New) async rethrows -> [New] {
    var all: [New] = []
    for element in self { all.append(try await change(element)) }
    return all
  }
}

extension Array {
  func chunks(of size: Int) -> [[Element]] {
    stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
  }
}
