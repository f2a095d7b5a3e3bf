import Glibc
import HeddleLoop
import Testing

@Suite("A byte stream", .timeLimit(.minutes(1)))
struct ByteStreamTests {
  /// Numbers without a period that a block size could hide.
  private static let mebibyte: [UInt8] = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }

  @Test("a mebibyte written in odd pieces comes back from an echo as it was")
  func echo() async throws {
    try await withTemporaryDirectory { directory in
      try await Scene.play { scene in
        let echoed = Happenings(of: [UInt8].self)
        try await scene.act { scene in
          _ = try Listener(path: directory + "/echo", on: scene.loop) { Self.echo($0) }
          try Self.writePieces(to: directory + "/echo", on: scene.loop, echoed: echoed)
        }
        #expect(try await echoed.next() == Self.mebibyte)
      }
    }
  }

  private static func echo(_ connection: Result<ByteStream, LoopError>) {
    #expect(throws: Never.self) {
      let stream = try connection.get()
      try stream.startReading { bytes in
        do { try stream.write(bytes) } catch { Issue.record(error) }
      } onEnd: { end in
        #expect(end == .endOfStream)
        do { try stream.shutdown { _ in stream.close() } } catch { Issue.record(error) }
      }
    }
  }

  private static func writePieces(to path: String, on loop: EventLoop, echoed: Happenings<[UInt8]>) throws {
    let stream = try ByteStream.connect(to: path, on: loop) { #expect($0 == nil) }
    var rest = mebibyte[...]
    var size = 1
    while !rest.isEmpty {
      try stream.write([UInt8](rest.prefix(size)))
      rest = rest.dropFirst(size)
      size = (size * 3 + 1) % 70_001
    }
    try stream.shutdown()
    var received: [UInt8] = []
    try stream.startReading {
      received += [UInt8]($0)
    } onEnd: { end in
      #expect(end == .endOfStream)
      stream.close()
      echoed.tell(received)
    }
  }

  /// Writes until the kernel takes no more at once; `onWritten` is called when it has taken the rest.
  private static func fill(_ stream: ByteStream, onWritten: @escaping (LoopError?) -> Void) throws {
    var written: ByteStream.Written
    repeat { written = try stream.write(mebibyte, onWritten: onWritten) } while written == .atOnce
  }

  @Test("while the reader does not read, queuedBytes grows; when it reads, all is written in order")
  func backpressure() async throws {
    try await Scene.play { scene in
      let (ours, theirs) = try socketPair()
      let happened = Happenings(of: String.self)
      let lastBytes = Happenings(of: UInt8?.self)
      try await scene.act { scene in
        let writer = try ByteStream(adopting: ours, on: scene.loop)
        let reader = try ByteStream(adopting: theirs, on: scene.loop)
        try Self.fill(writer) { _ in happened.tell("first") }
        let queued = writer.queuedBytes
        #expect(queued > 0)
        #expect(try writer.write([7]) { _ in happened.tell("second") } == .later)
        #expect(writer.queuedBytes == queued + 1)
        try writer.shutdown { error in happened.tell("shutdown \(error == nil), queued \(writer.queuedBytes)") }
        #expect(try reader.availableBytes() > 0)
        var last: UInt8?
        try reader.startReading {
          last = $0[$0.count - 1]
        } onEnd: { _ in
          lastBytes.tell(last)
        }
      }
      #expect(try await happened.next(3) == ["first", "second", "shutdown true, queued 0"])
      #expect(try await lastBytes.next() == 7)
    }
  }

  @Test("a stream that stopped reading reads on where it was")
  func stopAndGoOn() async throws {
    try await Scene.play { scene in
      let (ours, theirs) = try socketPair()
      defer { close(theirs) }
      let read = Happenings(of: [UInt8].self)
      try writeAll([1, 2, 3], to: theirs)
      try await scene.act { scene in
        let stream = try ByteStream(adopting: ours, on: scene.loop)
        try stream.startReading { bytes in
          read.tell([UInt8](bytes))
          stream.stopReading()
          do { try writeAll([4, 5], to: theirs) } catch { Issue.record(error) }
          scene.loop.perform { read.tell([]) }
          // A later round of the loop: had the stream gone on, it would have read before.
          Self.afterATimer(on: scene.loop) {
            read.tell([0])
            do {
              try stream.startReading {
                read.tell([UInt8]($0))
              } onEnd: { _ in
              }
            } catch { Issue.record(error) }
          }
        } onEnd: { _ in
        }
      }
      #expect(try await read.next(4) == [[1, 2, 3], [], [0], [4, 5]])
    }
  }

  private static func afterATimer(on loop: EventLoop, _ body: @escaping () -> Void) {
    do { try Timer(on: loop, onFire: body).start(after: .milliseconds(2)) } catch { Issue.record(error) }
  }

  @Test("a write to a peer that is gone is EPIPE, not the end of the process")
  func brokenPipe() async throws {
    try await Scene.play { scene in
      let (reading, writing) = try pipeEnds()
      close(reading)
      try await scene.act { scene in
        let stream = try ByteStream(adopting: writing, on: scene.loop)
        let error = #expect(throws: LoopError.self) { try stream.write([1]) }
        #expect(error?.name == "EPIPE")
        #expect(error?.attempt == "write to descriptor \(writing)")
        stream.close()
      }
    }
  }

  @Test("a queued write learns that the peer has gone")
  func brokenWhileQueued() async throws {
    try await Scene.play { scene in
      let (ours, theirs) = try socketPair()
      let errors = Happenings(of: String?.self)
      try await scene.act { scene in
        let stream = try ByteStream(adopting: ours, on: scene.loop)
        try Self.fill(stream) { errors.tell($0?.name) }
        close(theirs)
      }
      #expect(try await errors.next() == "EPIPE")
    }
  }

  @Test("nothing is called after close, not even for queued writes")
  func closeIsTheEnd() async throws {
    try await Scene.play { scene in
      let (ours, theirs) = try socketPair()
      defer { close(theirs) }
      let happened = Happenings(of: String.self)
      try writeAll([1], to: theirs)
      try await scene.act { scene in
        let stream = try ByteStream(adopting: ours, on: scene.loop)
        try stream.startReading { _ in
          happened.tell("read")
        } onEnd: { _ in
          happened.tell("end")
        }
        try Self.fill(stream) { _ in happened.tell("written") }
        try stream.shutdown { _ in happened.tell("shutdown") }
        stream.close()
        #expect(stream.queuedBytes == 0)
        #expect(hasHungUp(theirs))
        #expect(throws: LoopError.self) { try stream.write([1]) }
        Self.afterATimer(on: scene.loop) { happened.tell("timer") }
      }
      #expect(try await happened.next() == "timer")
    }
  }

  @Test("close within the reading callback is safe, and the last call")
  func closeWithinCallback() async throws {
    try await Scene.play { scene in
      let (ours, theirs) = try socketPair()
      defer { close(theirs) }
      let happened = Happenings(of: String.self)
      try writeAll([1, 2, 3], to: theirs)
      try await scene.act { scene in
        let stream = try ByteStream(adopting: ours, on: scene.loop)
        try stream.startReading { bytes in
          stream.close()
          happened.tell("read \(bytes.count)")
          Self.afterATimer(on: scene.loop) { happened.tell("timer") }
        } onEnd: { _ in
          happened.tell("end")
        }
      }
      #expect(try await happened.next(2) == ["read 3", "timer"])
    }
  }

  @Test("shutdown ends one direction of a socket, and the other goes on")
  func halfClose() async throws {
    try await Scene.play { scene in
      let (ours, theirs) = try socketPair()
      defer { close(theirs) }
      let happened = Happenings(of: String.self)
      try await scene.act { scene in
        let stream = try ByteStream(adopting: ours, on: scene.loop)
        try stream.write([1])
        try stream.startReading {
          happened.tell("read \($0.count)")
        } onEnd: { _ in
          happened.tell("end")
        }
        try stream.shutdown { error in happened.tell("shutdown \(error == nil), open \(stream.isOpen)") }
      }
      #expect(try await happened.next() == "shutdown true, open true")
      var byte: UInt8 = 0
      #expect(unsafe recv(theirs, &byte, 1, 0) == 1)
      #expect(unsafe recv(theirs, &byte, 1, 0) == 0)
      try writeAll([4, 5], to: theirs)
      #expect(try await happened.next() == "read 2")
    }
  }

  @Test("shutdown closes the writing end of a pipe, after what was queued")
  func pipeShutdown() async throws {
    try await Scene.play { scene in
      let (reading, writing) = try pipeEnds()
      let happened = Happenings(of: String.self)
      try await scene.act { scene in
        let writer = try ByteStream(adopting: writing, on: scene.loop)
        try writer.write(Self.mebibyte) { _ in happened.tell("written") }
        try writer.shutdown { error in happened.tell("shutdown \(error == nil), open \(writer.isOpen)") }
        let reader = try ByteStream(adopting: reading, on: scene.loop)
        var count = 0
        try reader.startReading {
          count += $0.count
        } onEnd: {
          happened.tell("\($0) after \(count)")
        }
      }
      #expect(try await happened.next(3) == ["written", "shutdown true, open false", "endOfStream after 1048576"])
    }
  }

  @Test("availableBytes is what a pipe holds")
  func availableBytes() async throws {
    try await Scene.play { scene in
      let (reading, writing) = try pipeEnds()
      defer { close(writing) }
      try await scene.act { scene in
        let stream = try ByteStream(adopting: reading, on: scene.loop)
        #expect(try stream.availableBytes() == 0)
        try writeAll([UInt8](repeating: 1, count: 1234), to: writing)
        #expect(try stream.availableBytes() == 1234)
      }
    }
  }

  @Test("the peer's credentials are the kernel's word")
  func credentials() async throws {
    try await Scene.play { scene in
      let (ours, theirs) = try socketPair()
      let (reading, writing) = try pipeEnds()
      defer { for end in [theirs, writing] { close(end) } }
      try await scene.act { scene in
        let peer = try ByteStream(adopting: ours, on: scene.loop).peerCredentials()
        #expect(peer.pid == getpid())
        #expect(peer.uid == getuid())
        #expect(peer.gid == getgid())
        let pipe = try ByteStream(adopting: reading, on: scene.loop)
        #expect(throws: LoopError.self) { try pipe.peerCredentials() }
      }
    }
  }

  @Test("what is no stream is not adopted, and stays the caller's")
  func adoptsStreamsOnly() async throws {
    try await Scene.play { scene in
      let file = unsafe open("/proc/self/exe", O_RDONLY)
      defer { close(file) }
      await scene.act { scene in
        let error = #expect(throws: LoopError.self) { try ByteStream(adopting: file, on: scene.loop) }
        #expect(error?.name == "EINVAL")
        #expect(error?.message == "it is neither a pipe nor a connected stream socket")
      }
      #expect(fcntl(file, F_GETFD) >= 0)
    }
  }
}
