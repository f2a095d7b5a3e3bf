internal import HeddleLoop
internal import HeddleThreads

/// What goes out over one stream: what the kernel takes at once goes there, the rest is the loop's until the kernel has
/// it. It belongs to the stream, not to a writer: a piece goes wholly, whatever happens to who wrote it.
struct Outflow {
  private enum Sink {
    case open
    /// Nothing more is taken, and what is queued still goes, unless that failed.
    case ending(NetworkError?)
    /// The other side takes no more.
    case failed(NetworkError)
    case closed
  }

  /// What a writer waits for.
  enum Want {
    /// That a piece is taken.
    case room
    /// That nothing is queued.
    case nothingQueued
  }

  /// What became of a piece.
  enum Taken {
    /// The kernel has it.
    case all
    /// The kernel has so many bytes of it, and the rest counts as queued: it has to be given to the loop, in order.
    case queued(from: Int)
    /// Nothing of it was taken; there is too much before it.
    case none
  }

  /// From how many queued bytes on a piece has to wait, and how long a piece is at most.
  static let mark = 65_536

  let name: String
  private var sink = Sink.open
  /// The stream's, while that is open.
  private(set) var descriptor: LentDescriptor?
  /// The bytes that the loop has and the kernel has not.
  private var queued = 0
  private var (room, nothingQueued): (Promise<Void>?, Promise<Void>?)

  init(_ descriptor: LentDescriptor, named name: String) {
    self.descriptor = descriptor
    self.name = name
  }

  /// Whether it was closed on this side.
  var isClosed: Bool {
    switch sink {
    case .ending, .closed: true
    case .open, .failed: false
    }
  }

  // MARK: - Writers

  /// Takes `piece`, of at most `mark` bytes, wholly or not at all.
  mutating func write(_ piece: Span<UInt8>) throws(NetworkError) -> Taken {
    try requireOpen()
    guard queued < Self.mark else { return .none }
    let count = try writeNow(piece)
    if count == piece.count { return .all }
    queued += piece.count - count
    return .queued(from: count)
  }

  /// - Returns: how much of `bytes` the kernel took.
  mutating func writeAvailable(_ bytes: Span<UInt8>) throws(NetworkError) -> Int {
    try requireOpen()
    return try writeNow(bytes)
  }

  private mutating func writeNow(_ bytes: Span<UInt8>) throws(NetworkError) -> Int {
    guard queued == 0, let descriptor else { return 0 }
    do throws(LoopError) { return try descriptor.writeAvailable(bytes) } catch {
      let error = NetworkError(error)
      sink = .failed(error)
      throw error
    }
  }

  private func requireOpen() throws(NetworkError) {
    switch sink {
    case .open: break
    case .ending, .closed: throw .closed("write to", name)
    case .failed(let error): throw error
    }
  }

  /// What is kept when there is what a writer wants, or never will be; nil when that is so now.
  ///
  /// - Throws: why it never will be. To a closed port what is queued still goes.
  mutating func promise(of want: Want) throws(NetworkError) -> Promise<Void>? {
    switch (sink, want) {
    case (.failed(let error), _), (.ending(let error?), .nothingQueued): throw error
    // Closed after everything had gone.
    case (.closed, .nothingQueued) where queued == 0: return nil
    case (.closed, _), (.ending, .room): throw .closed("write to", name)
    case (.open, .room):
      if queued < Self.mark { return nil }
      let promise = room ?? Promise()
      room = promise
      return promise
    case (.open, .nothingQueued), (.ending(nil), .nothingQueued):
      if queued == 0 { return nil }
      let promise = nothingQueued ?? Promise()
      nothingQueued = promise
      return promise
    }
  }

  /// Takes nothing more.
  ///
  /// - Returns: whether it did until now, so that the loop has to end the stream after what is queued.
  mutating func end() -> (ends: Bool, kept: [Promise<Void>]) {
    switch sink {
    case .open: sink = .ending(nil)
    case .failed(let error): sink = .ending(error)
    case .ending, .closed: return (false, [])
    }
    return (true, [room.take()].compactMap(\.self))
  }

  // MARK: - The loop

  /// The kernel has `count` bytes of those that were queued; or will never have them, and then they stay counted.
  mutating func written(_ count: Int, _ error: NetworkError?) -> [Promise<Void>] {
    if let error {
      switch sink {
      case .open: sink = .failed(error)
      case .ending(nil): sink = .ending(error)
      case .ending, .failed, .closed: break
      }
      return keepPromises()
    }
    queued -= count
    let room = queued < Self.mark ? room.take() : nil
    let nothingQueued = queued == 0 ? nothingQueued.take() : nil
    return [room, nothingQueued].compactMap(\.self)
  }

  /// Drops what is queued, and lets go of the descriptor, which is closed after this.
  ///
  /// - Returns: who goes on, and the descriptor; nil if it was closed before.
  mutating func close() -> (kept: [Promise<Void>], descriptor: LentDescriptor?)? {
    if case .closed = sink { return nil }
    sink = .closed
    return (keepPromises(), descriptor.take())
  }

  private mutating func keepPromises() -> [Promise<Void>] {
    [room.take(), nothingQueued.take()].compactMap(\.self)
  }
}
