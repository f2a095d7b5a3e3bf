import Glibc
import HeddleLoop
import Testing

@Suite("A stream that receives descriptors", .timeLimit(.minutes(1)))
struct HandleStreamTests {
  @Test("several descriptors in one message arrive in their order, with its bytes, and can be read")
  func severalInOneMessage() async throws {
    try await Scene.play { scene in
      let (ours, theirs) = try socketPair()
      defer { close(theirs) }
      let pipes = try (0..<5).map { _ in try pipeEnds() }
      for (index, pipe) in pipes.enumerated() {
        try writeAll([UInt8](repeating: UInt8(index), count: index + 1), to: pipe.writing)
      }
      try send([42, 43], with: pipes.map(\.reading), over: theirs)
      for pipe in pipes { for end in [pipe.reading, pipe.writing] { close(end) } }

      let messages = Happenings(of: (bytes: [UInt8], streams: Int).self)
      let contents = Happenings(of: (index: Int, bytes: [UInt8]).self)
      try await scene.act { scene in
        let stream = try HandleStream(adopting: ours, on: scene.loop)
        try stream.startReading { bytes, received in
          messages.tell(([UInt8](bytes), received.count))
          for (index, pipe) in received.enumerated() { Self.readToTheEnd(of: pipe) { contents.tell((index, $0)) } }
        } onEnd: { _ in
        }
      }
      let message = try await messages.next()
      #expect(message.bytes == [42, 43])
      #expect(message.streams == 5)
      for content in try await contents.next(5) {
        #expect(content.bytes == [UInt8](repeating: UInt8(content.index), count: content.index + 1))
      }
    }
  }

  private static func readToTheEnd(of stream: ByteStream, _ then: @escaping ([UInt8]) -> Void) {
    var received: [UInt8] = []
    do {
      try stream.startReading {
        received += [UInt8]($0)
      } onEnd: { end in
        #expect(end == .endOfStream)
        stream.close()
        then(received)
      }
    } catch {
      Issue.record(error)
    }
  }

  @Test("a stream's descriptor is passed with a message, behind what was written before, and may be closed then")
  func passed() async throws {
    try await Scene.play { scene in
      let (ours, theirs) = try socketPair()
      defer { close(theirs) }
      let (near, far) = try socketPair()
      defer { close(far) }
      let written = Happenings(of: LoopError?.self)
      try await scene.act { scene in
        let channel = try HandleStream(adopting: ours, on: scene.loop)
        let stream = try ByteStream(adopting: near, on: scene.loop)
        try channel.bytes.write([1])
        try channel.write([2, 3], passing: stream) { error in
          stream.close()
          written.tell(error)
        }
        try channel.bytes.write([4])
      }
      #expect(try await written.next() == nil)
      // The copy on its way is the only one.
      try writeAll([9], to: far)
      let received = Happenings(of: [UInt8].self)
      let passed = Happenings(of: [UInt8].self)
      try await scene.act { scene in
        let reader = try HandleStream(adopting: dup(theirs), on: scene.loop)
        var all: [UInt8] = []
        try reader.startReading { bytes, streams in
          all += [UInt8](bytes)
          for stream in streams {
            try? stream.startReading {
              passed.tell([UInt8]($0))
            } onEnd: { _ in
            }
          }
          if all.count == 4 { received.tell(all) }
        } onEnd: { _ in
        }
      }
      #expect(try await received.next() == [1, 2, 3, 4])
      #expect(try await passed.next() == [9])
    }
  }

  @Test("descriptors never come with the bytes of an earlier message")
  func messagesStayApart() async throws {
    try await Scene.play { scene in
      let (ours, theirs) = try socketPair()
      defer { close(theirs) }
      let (reading, writing) = try pipeEnds()
      defer { for end in [reading, writing] { close(end) } }
      try writeAll([1], to: theirs)
      try send([2], with: [reading, writing], over: theirs)
      try send([3], with: [writing], over: theirs)
      try writeAll([4], to: theirs)
      shutdown(theirs, Int32(SHUT_WR))

      let arrivals = Happenings(of: [(byte: UInt8, streamsSoFar: Int)].self)
      try await scene.act { scene in
        let stream = try HandleStream(adopting: ours, on: scene.loop)
        var seen: [(byte: UInt8, streamsSoFar: Int)] = []
        var count = 0
        try stream.startReading { bytes, received in
          count += received.count
          for byte in [UInt8](bytes) { seen.append((byte, count)) }
          for stream in received { stream.close() }
        } onEnd: { _ in
          arrivals.tell(seen)
        }
      }
      let seen = try await arrivals.next()
      #expect(seen.map(\.byte) == [1, 2, 3, 4])
      // The kernel may merge a message into the read before it, but descriptors end a read.
      #expect(seen[1].streamsSoFar == 2)
      #expect(seen[2].streamsSoFar == 3)
    }
  }

  @Test("a received descriptor does not block, whatever its sender set")
  func nonBlocking() async throws {
    try await Scene.play { scene in
      let (ours, theirs) = try socketPair()
      let (reading, writing) = try pipeEnds()
      defer { for end in [theirs, reading, writing] { close(end) } }
      #expect(fcntl(writing, F_GETFL) & O_NONBLOCK == 0)
      try send([1], with: [writing], over: theirs)
      let written = Happenings(of: ByteStream.Written.self)
      try await scene.act { scene in
        let stream = try HandleStream(adopting: ours, on: scene.loop)
        try stream.startReading { _, received in
          do {
            // More than a pipe holds, and nobody reads.
            for pipe in received { written.tell(try pipe.write([UInt8](repeating: 0, count: 1 << 20))) }
          } catch {
            Issue.record(error)
          }
        } onEnd: { _ in
        }
      }
      #expect(try await written.next() == .later)
    }
  }

  @Test("a descriptor of a regular file ends the reading with an error, and leaves nothing open")
  func refusesFiles() async {
    await #expect(processExitsWith: .success) {
      try await Scene.play { scene in
        let (ours, theirs) = try socketPair()
        let before = openFiles()
        let (reading, writing) = try pipeEnds()
        let file = unsafe open("/proc/self/exe", O_RDONLY)
        try send([1], with: [reading, file, writing], over: theirs)
        // From here on the message has the only copies.
        for descriptor in [reading, file, writing] { close(descriptor) }
        let ended = Happenings(of: (ByteStream.End, left: Set<String>).self)
        try await scene.act { scene in
          let stream = try HandleStream(adopting: ours, on: scene.loop)
          try stream.startReading { _, _ in
            preconditionFailure("the message is refused")
          } onEnd: { end in
            stream.close()
            ended.tell((end, openFiles().subtracting(before)))
          }
        }
        let (end, left) = try await ended.next()
        guard case .failed(let error) = end else { preconditionFailure("a file is no stream") }
        precondition(error.name == "EINVAL")
        // libuv keeps a descriptor in reserve for each loop that has streams.
        precondition(left.isSubset(of: ["/dev/null"]))
      }
    }
  }
}
