import Foundation
import HeddleClient
import HeddleModel
import HeddleWire
import Synchronization
import Testing

extension Promises {
  @Suite("bytes that are no protocol, at the socket of a real daemon", .timeLimit(.minutes(1)))
  struct HostileFrameTests {
    /// What a client says that wants to know all threads, byte by byte.
    private static var conversation: [UInt8] {
      get throws { try RawConnection.hello + RawConnection.request(.list(includeDead: true), id: 7) }
    }

    @Test("cut off after any byte: what was whole is answered, the rest is refused as cut off, and the connection ends")
    func truncated() async throws {
      try await amidOthers { scene in
        let bytes = try Self.conversation
        let helloCount = try RawConnection.hello.count
        for count in 0...bytes.count {
          let connection = try RawConnection(to: scene.daemon.socketPath)
          try connection.write(Array(bytes.prefix(count)))
          connection.endWriting()
          let frames = try connection.readToEnd()
          let whole = count == bytes.count ? [.welcome, .reply] : count >= helloCount ? [FrameKind.welcome] : []
          let isCut = ![0, helloCount, bytes.count].contains(count)
          #expect(frames.map(\.header.kind) == whole + (isCut ? [.refusal] : []), "after \(count) bytes")
          guard isCut, let last = frames.last else { continue }
          #expect(try WireRefusal(decoding: last.body).description.contains("the connection ended within a frame"))
        }
      }
    }

    @Test("a length that is oversized, zero or too short, what is reserved, an unknown kind: one refusal, and the end")
    func malformed() async throws {
      try await amidOthers { scene in
        for (header, isGreeted, code, reason) in [
          (
            [0xFF, 0xFF, 0xFF, 0xFF, 3, 0, 0, 0], true, .tooLarge,
            "a body of 4294967283 bytes is longer than the 1048576 allowed"
          ),
          ([0, 0, 0x10, 0x0D, 1, 0, 0, 0], false, .tooLarge, "a body of 4097 bytes is longer than the 4096 allowed"),
          ([0, 0, 0, 0, 3, 0, 0, 0], true, .badRequest, "a length of 0 does not cover the header"),
          ([0, 0, 0, 11, 3, 0, 0, 0], true, .badRequest, "a length of 11 does not cover the header"),
          ([0, 0, 0, 12, 99, 0, 0, 0], true, .unknownRequest, "frame kind 99 is unknown"),
          ([0, 0, 0, 12, 3, 0, 1, 0], true, .badRequest, "the reserved field is 256 rather than 0"),
          ([0, 0, 0, 12, 3, 1, 0, 0], true, .badRequest, "a request frame has no flags 0x1"),
          ([0, 0, 0, 12, 4, 0, 0, 0], true, .badRequest, "it has no place here"),
          ([0, 0, 0, 12, 3, 0, 0, 0], false, .badRequest, "it has no place here"),
        ] as [([UInt8], Bool, RefusalCode, String)] {
          let connection = try RawConnection(to: scene.daemon.socketPath)
          if isGreeted { try connection.greet() }
          try connection.write(header + [0, 0, 0, 0, 0, 0, 0, 9])
          let frames = try connection.readToEnd()
          let refusal = try WireRefusal(decoding: try #require(frames.first, "\(reason)").body)
          #expect(frames.map(\.header.kind) == [.refusal] && frames[0].header.id == 0)
          #expect(refusal.code == code && refusal.description.contains(reason), "\(refusal)")
        }
      }
    }

    @Test("garbage gets an answer, if any, that is frames, and the end of its connection")
    func garbage() async throws {
      try await amidOthers { scene in
        for seed in 1...200 as ClosedRange<UInt64> {
          var chance = SeededGenerator(seed: seed)
          let isGreeted = chance.oneIn(2)
          let connection = try RawConnection(to: scene.daemon.socketPath)
          if isGreeted { try connection.greet() }
          // A length that could be right, and a kind that there is, else it would come no further than the first header.
          let count = Int.random(in: 0...200, using: &chance)
          let header: [UInt8] = [0, 0, 0, UInt8(count), UInt8.random(in: 0...22, using: &chance), 0, 0, 0]
          try connection.write(header + (0..<600).map { _ in UInt8.random(in: 0...255, using: &chance) })
          connection.endWriting()
          _ = try connection.readToEnd()
        }
      }
    }

    @Test(
      "a slow client, a byte at a time, is served as any other; one that does not come to its end is cut off in time"
    )
    func slow() async throws {
      try await amidOthers { scene in
        async let refusal = Self.idle(at: scene.daemon.socketPath)
        let connection = try RawConnection(to: scene.daemon.socketPath)
        // What came before the HELLO was whole has to come in time, however busy the machine is.
        try connection.greet()
        for byte in try RawConnection.request(.list(includeDead: true), id: 7) {
          try connection.write([byte])
          // The next one when the daemon has read this one.
          while connection.unreadByOther > 0 { try await scene.client.barrier() }
        }
        let answer = try connection.next()
        #expect(answer?.header.kind == .reply && answer?.header.id == 7)
        let frames = try await refusal
        #expect(frames.map(\.header.kind) == [.refusal])
        #expect(try WireRefusal(decoding: frames[0].body).description.contains("no HELLO came within 5.0 seconds"))
      }
    }

    /// What a client hears that says all of its HELLO but the last byte. It waits on a thread of its own.
    private static func idle(at socketPath: String) async throws -> [Frame] {
      try await withCheckedThrowingContinuation { continuation in
        Foundation.Thread.detachNewThread {
          continuation.resume(
            with: Result {
              let idler = try RawConnection(to: socketPath)
              try idler.write(Array(RawConnection.hello.dropLast()))
              return try idler.readToEnd()
            }
          )
        }
      }
    }

    /// Plays a scene in which others are at work all the time, who must not notice.
    private func amidOthers(_ body: (Scene) async throws -> Void) async throws {
      try await Scene.play(with: DaemonProcess()) { scene in
        let counter = try await scene.client.spawn(scene.spawn("sh", "-c", "exec wc -l", channel: .lines)).id
        let others = try await scene.connect()
        let descriptors = scene.daemonDescriptors
        // Not by the task's cancellation, which would end a flush in the middle.
        let isOver = Atomic(false)
        async let work = {
          var count = 0
          repeat {
            try await others.post(contentsOf: [[UInt8]](repeating: [65], count: 100), to: counter)
            try await others.flush()
            count += 100
          } while !isOver.load(ordering: .relaxed)
          return count
        }()
        do { try await body(scene) } catch {
          isOver.store(true, ordering: .relaxed)
          throw error
        }
        isOver.store(true, ordering: .relaxed)
        let count = try await work
        try await others.endMail(of: .id(counter))
        _ = try await scene.client.wait(for: .id(counter))
        #expect(try await scene.client.logs(of: .id(counter)).text.elementsEqual("\(count)\n".utf8))
        await others.close()
        // Its own connection, and the counter's three pipes.
        #expect(await eventually { scene.daemonDescriptors == descriptors - 4 })
      }
    }
  }
}
