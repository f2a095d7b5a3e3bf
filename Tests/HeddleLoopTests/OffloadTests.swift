import Glibc
import HeddleLoop
import Testing

@Suite("work beside the loop", .timeLimit(.minutes(1)))
struct OffloadTests {
  @Test("work runs on another thread, and what it came to is told on the loop")
  func offload() async throws {
    try await Scene.play { scene in
      let happenings = Happenings(of: Bool.self)
      try await scene.act { scene throws(LoopError) in
        let loop = scene.loop
        try loop.offload {
          !loop.isOnLoop
        } onDone: { wasElsewhere in
          happenings.tell(wasElsewhere && loop.isOnLoop)
        }
      }
      #expect(try await happenings.next())
    }
  }

  @Test("a loop that stops lets what has begun come to its end, and takes nothing new")
  func stop() async throws {
    let done = Flag()
    let refused = Flag()
    try await Scene.play { scene in
      try await scene.act { scene throws(LoopError) in
        try scene.loop.offload {
          done.set()
        } onDone: { _ in
        }
        scene.loop.requestStop()
      }
      scene.loop.stop()
      await scene.act { scene in
        do throws(LoopError) {
          try scene.loop.offload {
          } onDone: { _ in
          }
        } catch {
          if error.code == ECANCELED { refused.set() }
        }
      }
    }
    #expect(done.isSet && refused.isSet)
  }
}
