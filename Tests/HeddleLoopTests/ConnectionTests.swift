import Foundation
import HeddleLoop
import Testing

@Suite("Listening and connecting at a path", .timeLimit(.minutes(1)))
struct ConnectionTests {
  @Test("a listener's socket is its owner's alone, and goes with the listener")
  func modeAndRemoval() async throws {
    try await withTemporaryDirectory { directory in
      let path = directory + "/s"
      try await Scene.play { scene in
        try await scene.act { scene in
          let listener = try Listener(path: path, on: scene.loop) { _ in }
          let attributes = try FileManager.default.attributesOfItem(atPath: path)
          #expect(attributes[.posixPermissions] as? Int == 0o600)
          #expect(attributes[.type] as? FileAttributeType == .typeSocket)
          listener.close()
          #expect(!FileManager.default.fileExists(atPath: path))
        }
      }
    }
  }

  @Test("a stopped loop's listener removes its socket too")
  func removalByStop() async throws {
    try await withTemporaryDirectory { directory in
      try await Scene.play { scene in
        try await scene.act { _ = try Listener(path: directory + "/s", on: $0.loop) { _ in } }
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == [])
    }
  }

  @Test("a listener leaves alone what has taken its path meanwhile")
  func successorStays() async throws {
    try await withTemporaryDirectory { directory in
      let path = directory + "/s"
      try await Scene.play { scene in
        try await scene.act { scene in
          let first = try Listener(path: path, on: scene.loop) { _ in }
          // Renamed, not removed, since the successor could get the inode of a removed file.
          try FileManager.default.moveItem(atPath: path, toPath: path + ".old")
          let second = try Listener(path: path, on: scene.loop) { _ in }
          first.close()
          #expect(FileManager.default.fileExists(atPath: path))
          second.close()
          #expect(!FileManager.default.fileExists(atPath: path))
        }
      }
    }
  }

  @Test("a path that is taken is refused by name, and its file stays")
  func pathTaken() async throws {
    try await withTemporaryDirectory { directory in
      let path = directory + "/s"
      try await Scene.play { scene in
        try await scene.act { scene in
          _ = try Listener(path: path, on: scene.loop) { _ in }
          let error = #expect(throws: LoopError.self) { try Listener(path: path, on: scene.loop) { _ in } }
          #expect(error?.description == "cannot listen on \(path): address already in use (EADDRINUSE)")
          #expect(FileManager.default.fileExists(atPath: path))
        }
      }
    }
  }

  @Test("a path of 107 bytes is the longest; one more is refused, and the sentence says so")
  func longPaths() async throws {
    try await withTemporaryDirectory { directory in
      let longest = directory + "/" + String(repeating: "x", count: 107 - directory.utf8.count - 1)
      try await Scene.play { scene in
        let connected = Happenings(of: LoopError?.self)
        try await scene.act { scene in
          _ = try Listener(path: longest, on: scene.loop) { _ in }
          _ = try ByteStream.connect(to: longest, on: scene.loop) { connected.tell($0) }
          for attempt in [
            { _ = try Listener(path: longest + "x", on: scene.loop) { _ in } },
            { _ = try ByteStream.connect(to: longest + "x", on: scene.loop) { _ in } },
          ] {
            let error = #expect(throws: LoopError.self) { try attempt() }
            #expect(error?.name == "ENAMETOOLONG")
            #expect(error?.message.contains("107 bytes long, and this one has 108") == true)
          }
        }
        #expect(try await connected.next() == nil)
      }
    }
  }

  @Test("a path that no socket can have is refused", arguments: ["", "a\0b"])
  func impossiblePaths(path: String) async throws {
    try await Scene.play { scene in
      await scene.act { scene in
        let error = #expect(throws: LoopError.self) { try ByteStream.connect(to: path, on: scene.loop) { _ in } }
        #expect(error?.name == "EINVAL")
      }
    }
  }

  @Test("a connection to nothing fails by name, and the stream is closed")
  func connectToNothing() async throws {
    try await withTemporaryDirectory { directory in
      // A file that was bound, and that nobody listens on.
      let abandoned = directory + "/abandoned"
      try await Scene.play { scene in
        try await scene.act { scene in
          let listener = try Listener(path: directory + "/s", on: scene.loop) { _ in }
          try FileManager.default.moveItem(atPath: directory + "/s", toPath: abandoned)
          listener.close()
        }
        for (path, name) in [(directory + "/nothing", "ENOENT"), (abandoned, "ECONNREFUSED")] {
          let failed = Happenings(of: (LoopError?, isOpen: Bool).self)
          try await scene.act { scene in
            var stream: ByteStream?
            stream = try ByteStream.connect(to: path, on: scene.loop) { failed.tell(($0, stream?.isOpen ?? true)) }
          }
          let (error, isOpen) = try await failed.next()
          #expect(error?.name == name)
          #expect(error?.attempt == "connect to \(path)")
          #expect(!isOpen)
        }
      }
    }
  }

  @Test("a connection that is given up says nothing")
  func giveUp() async throws {
    try await withTemporaryDirectory { directory in
      try await Scene.play { scene in
        let happened = Happenings(of: String.self)
        try await scene.act { scene in
          try ByteStream.connect(to: directory + "/none", on: scene.loop) { _ in happened.tell("connected") }.close()
          try Timer(on: scene.loop) { happened.tell("timer") }.start(after: .milliseconds(5))
        }
        #expect(try await happened.next() == "timer")
      }
    }
  }

  @Test("a thousand connections, opened and closed, leave no descriptor")
  func thousandConnections() async {
    // In a process of its own, where no other test opens descriptors.
    await #expect(processExitsWith: .success) {
      try await withTemporaryDirectory { directory in
        // The first loop of a process makes libuv's pipe for signals, which stays.
        try EventLoop.start().stop()
        let before = openFiles()
        try await Scene.play { scene in
          let ended = Happenings(of: Int.self)
          let idle = try await scene.act { scene in
            _ = try Listener(path: directory + "/s", on: scene.loop) { Self.sendOneByteAndClose($0) }
            return openFiles()
          }
          for _ in 0..<20 {
            try await scene.act { scene in
              for _ in 0..<50 { try Self.readToTheEnd(of: directory + "/s", on: scene.loop, ended) }
            }
            let counts = try await ended.next(50)
            precondition(counts == [Int](repeating: 1, count: 50), "each connection carries its byte")
          }
          let after = await scene.act { _ in openFiles() }
          precondition(after.isSubset(of: idle), "descriptors are left")
        }
        precondition(openFiles().isSubset(of: before), "descriptors are left after the stop")
      }
    }
  }

  private static func sendOneByteAndClose(_ connection: Result<ByteStream, LoopError>) {
    do {
      let stream = try connection.get()
      try stream.write([1])
      stream.close()
    } catch {
      preconditionFailure("\(error)")
    }
  }

  private static func readToTheEnd(of path: String, on loop: EventLoop, _ ended: Happenings<Int>) throws {
    let stream = try ByteStream.connect(to: path, on: loop) { precondition($0 == nil, "the listener is there") }
    var count = 0
    try stream.startReading {
      count += $0.count
    } onEnd: { _ in
      stream.close()
      ended.tell(count)
    }
  }
}
