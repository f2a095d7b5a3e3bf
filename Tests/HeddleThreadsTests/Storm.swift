import Synchronization

@testable import HeddleThreads

/// 2,500 times a kill: two threads that kill one victim after the other, on two carriers, so that a kill falls into anything that a victim does.
struct Storm: Sendable {
  private static let kills = 2_500
  /// How many turns a victim may have before its kill.
  private static let turnsMax = 6

  let seed: UInt64
  private let stage: Stage
  private let custodian: Custodian

  init(_ stage: Stage, seed: UInt64) async throws {
    self.stage = stage
    self.seed = seed
    custodian = try await Custodian()
  }

  /// A thread that does `step` again and again, and that nobody kills until the end.
  @discardableResult
  func start(_ step: @escaping @Sendable () async throws -> Void) async throws -> LocalThread {
    try await Custodian.current.withValue(custodian) { try await LocalThread { try await Self.repeat(step) } }
  }

  /// Starts victims that do `step` again and again, which is told the number of each, and kills them all.
  func kill(_ step: @escaping @Sendable (_ number: Int) async throws -> Void) async throws {
    var random = SplitMix64(seed: seed)
    let randoms = [random.fork(), random.fork()]
    let count = Self.kills / randoms.count
    try await Custodian.current.withValue(custodian) {
      var killers: [LocalThread] = []
      for (index, random) in randoms.enumerated() {
        let numbers = index * count..<(index + 1) * count
        killers.append(try await LocalThread { try await Self.kill(numbers, random, step) })
      }
      for killer in killers { try await killer.wait() }
    }
  }

  private static func kill(
    _ numbers: Range<Int>,
    _ random: SplitMix64,
    _ step: @escaping @Sendable (Int) async throws -> Void
  ) async throws {
    var random = random
    for number in numbers {
      let victim = try await LocalThread { try await Self.repeat { try await step(number) } }
      for _ in 0..<random.below(turnsMax) { try await LocalThread.sleep() }
      try await victim.kill()
    }
  }

  private static func `repeat`(_ step: @Sendable () async throws -> Void) async throws {
    while true {
      try await step()
      // So that nobody waits long for a turn.
      try await LocalThread.sleep()
    }
  }

  func settle() async throws { try await stage.settle() }

  /// Ends all that goes on still.
  func end() async throws {
    try await custodian.shutDown()
    try await stage.settle()
  }
}

/// What threads took from one source of events, also those that were killed before they knew: a nack tells of each of
/// their waits whether the model had given them something.
final class Books: Sendable {
  private struct Entries {
    var begun = 0
    /// The waits whose end nobody has seen.
    var open: [Int: AnyEvent<Void>] = [:]
    /// The results of those that returned.
    var values: [Int] = []
  }

  private let entries = Mutex(Entries())

  /// Waits for the event that `make` gives, which is told the number of this wait, and enters what it gives, or the number.
  func take(_ make: @escaping @Sendable (_ number: Int) -> AnyEvent<Int?>) async throws {
    let number = entries.withLock { entries in
      entries.begun += 1
      return entries.begun
    }
    let event = nackGuarded { [self] nack in
      entries.withLock { $0.open[number] = nack }
      return make(number)
    }
    let value = try await sync(event) ?? number
    let nack = entries.withLock { entries in
      entries.values.append(value)
      return entries.open.removeValue(forKey: number)
    }
    // Freed outside of the lock.
    withExtendedLifetime(nack) {}
  }

  /// Enters something that needed no wait.
  func note(_ value: Int?) {
    entries.withLock { entries in
      entries.begun += 1
      entries.values.append(value ?? entries.begun)
    }
  }

  /// What was seen to be taken.
  var values: [Int] { entries.withLock(\.values) }

  /// What was taken, seen or not: of what nobody saw, the number of the wait. Called when nobody waits any more.
  func taken() async throws -> [Int] {
    let (values, open) = entries.withLock { ($0.values, $0.open) }
    var taken = values
    for (number, nack) in open where try await poll(nack) == nil { taken.append(number) }
    return taken
  }
}

/// Numbered mail, in streams: each has one sender and one receiver.
final class Letters: Sendable {
  struct Letter: Sendable {
    let stream: Int
    let number: Int
  }

  private struct Counts {
    var sent: [Int: Int] = [:]
    var arrived: [Int: Int] = [:]
    var isInOrder = true
  }

  private let counts = Mutex(Counts())

  /// For each stream the number of sends that returned.
  var sent: [Int: Int] { counts.withLock(\.sent) }
  /// For each stream what was received.
  var arrived: [Int: Int] { counts.withLock(\.arrived) }
  /// Whether no letter was received twice, too early, or after a gap.
  var isInOrder: Bool { counts.withLock(\.isInOrder) }

  func send(in stream: Int, to receiver: LocalThread) async throws {
    let number = counts.withLock { $0.sent[stream, default: 0] }
    try await receiver.send(Letter(stream: stream, number: number))
    counts.withLock { $0.sent[stream] = number + 1 }
  }

  /// As `send`; says whether the receiver takes mail.
  func trySend(in stream: Int, to receiver: LocalThread) async throws -> Bool {
    do { try await send(in: stream, to: receiver) } catch let error as ThreadError where error.code == .threadDead {
      return false
    }
    return true
  }

  func arrived(_ message: any Sendable) {
    counts.withLock { counts in
      guard let letter = message as? Letter, letter.number == counts.arrived[letter.stream, default: 0] else {
        return counts.isInOrder = false
      }
      counts.arrived[letter.stream] = letter.number + 1
    }
  }
}
