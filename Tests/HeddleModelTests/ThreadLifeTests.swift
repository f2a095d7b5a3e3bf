import HeddleModel
import Testing

@Suite("A thread's life")
struct ThreadLifeTests {
  @Test("suspensions and resumptions alternate, and are counted together")
  func alternate() {
    var life = ThreadLife()
    #expect(life.resume() == nil)
    #expect(life.suspend() == 1)
    #expect(life.suspend() == nil)
    #expect(life.resume() == 2)
    #expect(life.suspend() == 3)
    #expect(life.phase == .suspended)
  }

  @Test("a body that follows the last order has followed all before, oldest first")
  func followedAll() {
    var life = ThreadLife()
    _ = (life.suspend(), life.resume(), life.suspend())
    #expect(life.bodyFollowed(3) == 1...3)
    #expect(life.observed == 3)
  }

  @Test("an answer to an order that was overtaken, given before or never given is ignored", arguments: [0, 1, 2, 4])
  func ignored(generation: UInt64) {
    var life = ThreadLife()
    _ = (life.suspend(), life.resume())
    _ = life.bodyFollowed(2)
    _ = life.suspend()
    #expect(life.bodyFollowed(generation) == nil)
    #expect(life.bodyFollowed(3) == 3...3)
  }

  @Test("ending is neither running, suspended nor dead, and nothing revives it")
  func ending() {
    var life = ThreadLife()
    _ = life.suspend()
    #expect(life.end() == true)
    #expect(life.end() == false)
    #expect(life.suspend() == nil)
    #expect(life.resume() == nil)
    #expect(life.bodyFollowed(1) == nil)
    #expect(life.phase == .ending)
    #expect(!life.hasHappened(.death, 0))
  }

  @Test(
    "a thread that was told to end was killed, however its body went",
    arguments: [BodyEnd.returned, .raised, .killed]
  )
  func toldToEnd(end: BodyEnd) {
    var life = ThreadLife()
    _ = life.end()
    #expect(life.bodyEnded(end) == true)
    #expect(life.phase == .dead(.killed))
  }

  @Test("a thread dies once, and the first end is the one that counts")
  func once() {
    var life = ThreadLife()
    #expect(life.bodyEnded(.raised) == true)
    #expect(life.bodyEnded(.returned) == false)
    #expect(life.end() == false)
    #expect(life.phase == .dead(.raised))
  }

  @Test("an event is ready when the body was seen to follow, not when the order was given")
  func observed() {
    var life = ThreadLife()
    let suspension = life.eventGeneration(.suspension)
    _ = life.suspend()
    #expect(!life.hasHappened(.suspension, suspension))
    _ = life.bodyFollowed(1)
    #expect(life.hasHappened(.suspension, suspension))
    let resumption = life.eventGeneration(.resumption)
    _ = life.resume()
    #expect(!life.hasHappened(.resumption, resumption))
    _ = life.bodyFollowed(2)
    #expect(life.hasHappened(.resumption, resumption))
  }

  @Test("what is asked of a dead thread never comes", arguments: [StateEvent.Kind.suspension, .resumption])
  func never(kind: StateEvent.Kind) {
    var life = ThreadLife()
    _ = (life.suspend(), life.bodyFollowed(1))
    _ = life.bodyEnded(.returned)
    #expect(life.eventGeneration(kind) == StateEvent.never)
    #expect(!life.hasHappened(kind, StateEvent.never))
  }

  private enum Input: CaseIterable { case suspend, resume, follow, end, bodyEnded }

  private func step(_ life: inout ThreadLife, _ input: Input) {
    switch input {
    case .suspend: _ = life.suspend()
    case .resume: _ = life.resume()
    case .follow: _ = life.bodyFollowed(life.generation)
    case .end: _ = life.end()
    case .bodyEnded: _ = life.bodyEnded(.returned)
    }
  }

  /// The lives after all sequences of `length` inputs, each with the one before its last input.
  private func lives(after length: Int) -> [(before: ThreadLife, after: ThreadLife)] {
    (1..<length).reduce(into: steps(from: ThreadLife())) { pairs, _ in pairs = pairs.flatMap { steps(from: $0.after) } }
  }

  private func steps(from before: ThreadLife) -> [(before: ThreadLife, after: ThreadLife)] {
    Input.allCases.map { input in
      var after = before
      step(&after, input)
      return (before, after)
    }
  }

  @Test("whatever comes, what has happened stays so, the dead stay dead and the ending end", arguments: 1...6)
  func forGood(length: Int) {
    for (before, after) in lives(after: length) {
      for kind in StateEvent.Kind.allCases {
        for generation in UInt64(0)...4 where before.hasHappened(kind, generation) {
          #expect(after.hasHappened(kind, generation))
        }
      }
      if case .dead = before.phase { #expect(after == before) }
      if before.phase == .ending { #expect(after.phase == .ending || after.phase == .dead(.killed)) }
      #expect(after.observed <= after.generation)
    }
  }
}
