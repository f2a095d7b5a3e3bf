internal import HeddleModel
internal import Synchronization

/// Who waits for what date in one world: the model counts elapsed time, and the wall clock goes its own way.
final class DateAlarms: Sendable {
  /// Earlier ones first; of one date, first come first.
  struct Key: Comparable {
    let date: WallTime
    let number: UInt64

    static func < (left: Key, right: Key) -> Bool { (left.date, left.number) < (right.date, right.number) }
  }

  private struct State {
    var pending: [(key: Key, rung: Semaphore)] = []
    var lastNumber: UInt64 = 0

    /// Where `key` is, or belongs.
    func index(of key: Key) -> Int {
      var range = pending.startIndex..<pending.endIndex
      while let middle = range.isEmpty ? nil : range.lowerBound + range.count / 2 {
        range = pending[middle].key < key ? middle + 1..<range.upperBound : range.lowerBound..<middle
      }
      return range.lowerBound
    }
  }

  /// How long it may go unnoticed that the wall clock was set.
  private static let patience = Duration.seconds(1)

  private let state = Mutex(State())

  /// Has `rung` posted when the wall clock shows `date`.
  func add(_ rung: Semaphore, at date: WallTime) -> Key {
    state.withLock { state in
      state.lastNumber += 1
      let key = Key(date: date, number: state.lastNumber)
      state.pending.insert((key, rung), at: state.index(of: key))
      return key
    }
  }

  /// Nobody waits for it any more. No effect if it has rung.
  func remove(_ key: Key) {
    // Carried out of the lock, and freed here.
    _ = state.withLock { state -> Semaphore? in
      let index = state.index(of: key)
      guard index < state.pending.endIndex, state.pending[index].key == key else { return nil }
      return state.pending.remove(at: index).rung
    }
  }

  /// Rings all that are due.
  ///
  /// - Returns: how long to wait before it looks again; nil when nobody waits.
  func ring(at date: WallTime) -> Duration? {
    let (due, next) = state.withLock { state -> ([Semaphore], WallTime?) in
      let count = state.pending.prefix { $0.key.date <= date }.count
      defer { state.pending.removeFirst(count) }
      return (state.pending[..<count].map(\.rung), state.pending.dropFirst(count).first?.key.date)
    }
    for rung in due { rung.postFromOutside() }
    return next.map { min(date.duration(to: $0), Self.patience) }
  }
}

/// One wait for a date; given up when it is dropped.
final class DateAlarm: Sendable {
  private let semaphore: Semaphore
  private let key: DateAlarms.Key
  private let world: World

  init(at date: WallTime, in world: World) {
    semaphore = Semaphore(count: 0, in: world)
    key = world.dates.add(semaphore, at: date)
    self.world = world
    world.lookAtDates()
  }

  deinit { world.dates.remove(key) }

  /// Ready when the date has come.
  var rung: AnyEvent<Semaphore> { semaphore.peek }
}
