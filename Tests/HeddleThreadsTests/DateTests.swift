import Testing

@testable import HeddleThreads

@Suite("alarms of a date", .timeLimit(.minutes(1)))
struct DateTests {
  private let noon = WallTime(sinceEpoch: .seconds(12 * 3_600))

  /// A thread that notes when `date` has come.
  private func waiter(for date: WallTime, _ stage: Stage) async throws -> LocalThread {
    let thread = try await LocalThread { try await stage.noteAfter(alarm(at: date), "rang") }
    try await stage.settle()
    return thread
  }

  @Test("EV-05: an alarm is ready at its date, and at once when that is past")
  func rings() async throws {
    try await inWorld { stage in
      let thread = try await waiter(for: noon, stage)
      stage.advance(by: .seconds(12 * 3_600) - .nanoseconds(1))
      try await stage.settle()
      #expect(stage.log.all.isEmpty)
      stage.advance(by: .nanoseconds(1))
      try await thread.wait()
      #expect(stage.log.all == ["rang"])
      #expect(try await poll(alarm(at: noon)) != nil)
      #expect(try await poll(alarm(at: noon.advanced(by: .seconds(1)))) == nil)
    }
  }

  @Test("a wall clock that is set ahead past the date rings the alarm")
  func setAhead() async throws {
    try await inWorld { stage in
      let thread = try await waiter(for: noon, stage)
      stage.clock.setDate(noon.advanced(by: .seconds(5)), in: stage.world)
      try await thread.wait()
      #expect(stage.log.all == ["rang"])
    }
  }

  @Test("a wall clock that is set back delays the alarm")
  func setBack() async throws {
    try await inWorld { stage in
      let thread = try await waiter(for: noon, stage)
      stage.clock.setDate(WallTime(sinceEpoch: .seconds(-3_600)), in: stage.world)
      stage.advance(by: .seconds(12 * 3_600))
      try await stage.settle()
      #expect(thread.isRunning)
      #expect(stage.log.all.isEmpty)
      stage.advance(by: .seconds(3_600))
      try await thread.wait()
      #expect(stage.log.all == ["rang"])
    }
  }

  @Test("an alarm that lost leaves nothing behind")
  func lost() async throws {
    try await inWorld { stage in
      try await sync(alarm(at: noon), always(()))
      #expect(stage.world.tick() == nil)
    }
  }

  @Test("alarms ring in the order of their dates")
  func order() async throws {
    try await inWorld { stage in
      for hour in [3, 1, 2] {
        let date = WallTime(sinceEpoch: .seconds(hour * 3_600))
        _ = try await LocalThread { try await stage.noteAfter(alarm(at: date), "\(hour)") }
      }
      try await stage.settle()
      for _ in 1...3 {
        stage.advance(by: .seconds(3_600))
        try await stage.settle()
      }
      #expect(stage.log.all == ["1", "2", "3"])
    }
  }

  @Test("the system's wall clock rings, too, and shows a date of this century")
  func system() async throws {
    let now = WallTime.now
    #expect(now > WallTime(sinceEpoch: .seconds(1_000_000_000)))
    let date = now.advanced(by: .milliseconds(20))
    #expect(now.duration(to: date) == .milliseconds(20))
    try await sync(alarm(at: date))
    #expect(WallTime.now >= date)
  }
}
