import HeddleLoop
import Testing

@Suite("A timer", .timeLimit(.minutes(1)))
struct TimerTests {
  @Test("timers fire in the order of their deadlines")
  func order() async throws {
    try await Scene.play { scene in
      let fired = Happenings(of: Int.self)
      try await scene.act { scene in
        for delay in [30, 10, 20, 0] {
          try Timer(on: scene.loop) { fired.tell(delay) }.start(after: .milliseconds(delay))
        }
      }
      #expect(try await fired.next(4) == [0, 10, 20, 30])
    }
  }

  @Test("a timer never fires early", arguments: [Duration.microseconds(1), .microseconds(1500), .milliseconds(7)])
  func neverEarly(delay: Duration) async throws {
    try await Scene.play { scene in
      let fired = Happenings(of: Duration.self)
      for _ in 0..<20 {
        let start = try await scene.act { scene in
          let start = EventLoop.now
          try Timer(on: scene.loop) { fired.tell(EventLoop.now) }.start(after: delay)
          return start
        }
        #expect(try await fired.next() - start >= delay)
      }
    }
  }

  @Test("a started timer has one deadline: the latest that it was given")
  func restart() async throws {
    try await Scene.play { scene in
      let fired = Happenings(of: String.self)
      try await scene.act { scene in
        let timer = try Timer(on: scene.loop) { fired.tell("timer") }
        timer.start(after: .milliseconds(1))
        timer.start(after: .milliseconds(20))
        try Timer(on: scene.loop) { fired.tell("between") }.start(after: .milliseconds(10))
        try Timer(on: scene.loop) { fired.tell("after") }.start(after: .milliseconds(30))
      }
      #expect(try await fired.next(3) == ["between", "timer", "after"])
    }
  }

  @Test("a timer can be armed again in its own callback")
  func rearm() async throws {
    try await Scene.play { scene in
      let fired = Happenings(of: Int.self)
      try await scene.act { scene in
        var timer: Timer?
        var count = 0
        timer = try Timer(on: scene.loop) {
          count += 1
          fired.tell(count)
          if count < 3 { timer?.start(after: .milliseconds(1)) } else { timer?.close() }
        }
        timer?.start(after: .zero)
      }
      #expect(try await fired.next(3) == [1, 2, 3])
    }
  }

  @Test("neither a cancelled nor a closed timer fires")
  func cancel() async throws {
    try await Scene.play { scene in
      let fired = Happenings(of: String.self)
      try await scene.act { scene in
        let cancelled = try Timer(on: scene.loop) { fired.tell("cancelled") }
        cancelled.start(after: .milliseconds(1))
        cancelled.cancel()
        #expect(!cancelled.isArmed)
        let closed = try Timer(on: scene.loop) { fired.tell("closed") }
        closed.start(after: .milliseconds(1))
        closed.close()
        closed.close()
        closed.start(after: .zero)
        try Timer(on: scene.loop) { fired.tell("last") }.start(after: .milliseconds(10))
      }
      #expect(try await fired.next() == "last")
    }
  }

  @Test("a closed timer lets go of what its closure had captured")
  func releases() async throws {
    final class Captured: Sendable {}
    try await Scene.play { scene in
      weak var seen: Captured?
      do {
        let captured = Captured()
        seen = captured
        try await scene.act { scene in
          let timer = try Timer(on: scene.loop) { _ = captured }
          timer.close()
        }
      }
      #expect(seen == nil)
    }
  }

  @Test("delays below zero and beyond all bounds are taken for what they mean")
  func extremes() async throws {
    try await Scene.play { scene in
      let fired = Happenings(of: String.self)
      try await scene.act { scene in
        try Timer(on: scene.loop) { fired.tell("never") }.start(after: .seconds(Int64.max))
        try Timer(on: scene.loop) { fired.tell("now") }.start(after: .seconds(-5))
      }
      #expect(try await fired.next() == "now")
    }
  }
}
