/// Values under the model's identifiers, as plain numbers from 1 on. A dictionary's hash, made against those who choose
/// the keys, would cost more than most of what is done with the values: mail passes here, and every wait.
///
/// It takes memory for what is in it, whatever there was before: open addressing with linear probing, at most half full,
/// and at least a sixteenth. Numbers that were given out together are used together, so eight of them that follow each
/// other lie side by side; Fibonacci hashing (Knuth, The Art of Computer Programming, 6.4) spreads the eights.
///
/// It is public and inlinable for the reason that `IDTable` is.
public struct NumberMap<Value> {
  /// 0 where nothing is.
  @usableFromInline var keys: [UInt64]
  /// In the place of the key.
  @usableFromInline var values: [Value?]
  @usableFromInline var held = 0
  /// By how much a hash is shifted to give a place: 64 less the logarithm of the number of places.
  @usableFromInline var shift: UInt64

  @inlinable static var placesMin: Int { 16 }
  /// For how many values there is memory.
  package var places: Int { keys.count }
  @inlinable public var count: Int { held }

  @inlinable public init() {
    shift = 60
    keys = Array(repeating: 0, count: Self.placesMin)
    values = Array(repeating: nil, count: Self.placesMin)
  }

  /// The value under `key`, in place; nil when there is none. Assigning is not a way to add or to remove one.
  public subscript(key: UInt64) -> Value? {
    @inlinable @inline(__always) _read {
      if let place = place(of: key) { yield values[place] } else { yield nil }
    }
    @inlinable @inline(__always) _modify {
      if let place = place(of: key) {
        yield &values[place]
      } else {
        var nothing: Value?
        yield &nothing
      }
    }
  }

  /// Whether there is a value under `key`.
  @inlinable public func holds(_ key: UInt64) -> Bool { place(of: key) != nil }

  /// What `look` finds in the value under `key`, where it is; nil when there is none.
  @inlinable public func look<Found>(_ key: UInt64, _ look: (Value) -> Found) -> Found? {
    guard let place = place(of: key) else { return nil }
    switch values[place] {
    case .some(let value): return look(value)
    case nil: return nil
    }
  }

  /// Changes the value under `key` in place; nil when there is none.
  @inlinable public mutating func change<Result, Failure: Error>(
    _ key: UInt64,
    _ change: (inout Value) throws(Failure) -> Result
  ) throws(Failure) -> Result? {
    guard let place = place(of: key), var value = values[place].take() else { return nil }
    defer { values[place] = value }
    return try change(&value)
  }

  /// Adds `value` under a key that has none.
  @inlinable public mutating func insert(_ value: consuming Value, at key: UInt64) {
    precondition(key != 0 && place(of: key) == nil, "an identifier is above 0, and stands for one thing")
    if 2 * (held + 1) > keys.count { move(to: 2 * keys.count) }
    put(value, at: key)
    held += 1
  }

  /// Takes the value under `key` out; nil when there is none.
  @inlinable public mutating func remove(_ key: UInt64) -> Value? {
    guard let place = place(of: key) else { return nil }
    let value = values[place].take()
    held -= 1
    close(place)
    if 16 * held < keys.count, keys.count > Self.placesMin { move(to: keys.count / 4) }
    return value
  }

  /// The numbers that have values, lowest first.
  package var numbers: [UInt64] { keys.filter { $0 != 0 }.sorted() }

  // MARK: - Places

  @inlinable @inline(__always)
  func home(of key: UInt64) -> Int {
    let spread = (key &>> 3) &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: (spread &>> shift & ~7) | key & 7)
  }

  @inlinable @inline(__always)
  func next(_ place: Int) -> Int { (place + 1) & (keys.count - 1) }

  @inlinable @inline(__always)
  func place(of key: UInt64) -> Int? {
    var place = home(of: key)
    while keys[place] != key {
      if keys[place] == 0 { return nil }
      place = next(place)
    }
    return key == 0 ? nil : place
  }

  @inlinable mutating func put(_ value: consuming Value, at key: UInt64) {
    var place = home(of: key)
    while keys[place] != 0 { place = next(place) }
    keys[place] = key
    values[place] = value
  }

  /// Gives up a place from which the value was taken. Whatever stands behind it and had to pass it moves up, so that it is still found.
  @inlinable mutating func close(_ place: Int) {
    let last = keys.count - 1
    var gap = place
    var other = next(place)
    while keys[other] != 0 {
      let distance = (other - home(of: keys[other])) & last
      if distance >= (other - gap) & last {
        keys[gap] = keys[other]
        values.swapAt(gap, other)
        gap = other
      }
      other = next(other)
    }
    keys[gap] = 0
  }

  @inlinable mutating func move(to places: Int) {
    let (oldKeys, oldValues) = (keys, values)
    let size = max(places, Self.placesMin)
    shift = UInt64(64 - size.trailingZeroBitCount)
    keys = Array(repeating: 0, count: size)
    values = Array(repeating: nil, count: size)
    for case (let key, let value?) in zip(oldKeys, oldValues) { put(value, at: key) }
  }
}

extension NumberMap: Sendable where Value: Sendable {}
