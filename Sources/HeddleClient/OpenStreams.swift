internal import DequeModule
internal import HeddleWire

/// Bytes of a stream, with their place in it.
package struct StreamChunk: Equatable, Sendable {
  /// Of the first byte. A gap to the end of the chunk before it is what was lost.
  package let offset: UInt64
  package let bytes: [UInt8]

  package init(offset: UInt64, bytes: [UInt8]) {
    self.offset = offset
    self.bytes = bytes
  }
}

/// The streams of bytes of one connection.
///
/// Each method is one thing that a task wants or the supervisor says, and gives the frames that are to be written for it.
/// What the supervisor says of a stream that is not open crossed with its end, and has no effect.
struct OpenStreams {
  typealias Opened = Result<Attached, ClientError>
  typealias Read = Result<StreamChunk?, ClientError>
  typealias Outcome = Result<Void, ClientError>

  /// What is to be written.
  enum Order {
    case data([UInt8], StreamID)
    case end(StreamID)
    case close(StreamID)
    case taken(Taken, StreamID)
  }

  /// Why something that the supervisor said of a stream makes no sense.
  enum Fault: Error, Equatable, CustomStringConvertible {
    case overrun(StreamID)
    case taken(StreamID)

    var description: String {
      switch self {
      case .overrun(let id): "it sent more on stream \(id) than there was credit for"
      case .taken(let id): "it took more of stream \(id) than was sent, or less than before"
      }
    }
  }

  /// One stream, either way.
  private struct Stream {
    var opener: CheckedContinuation<Opened, Never>?
    // From the supervisor.
    var offset: UInt64 = 0
    var chunks: Deque<StreamChunk> = []
    var receivedCount: UInt64 = 0
    var takenCount: UInt64 = 0
    var toldCount: UInt64 = 0
    var reader: CheckedContinuation<Read, Never>?
    // To the supervisor.
    var sentCount: UInt64 = 0
    var theirCount: UInt64 = 0
    var writers: Deque<(rest: ArraySlice<UInt8>, task: CheckedContinuation<Outcome, Never>)> = []
    /// Who waits until the last byte is handed over, or never will be.
    var enders: [CheckedContinuation<Outcome, Never>] = []
    /// Whether the supervisor has said the last of it.
    var isOver = false
  }

  private var streams: [StreamID: Stream] = [:]
  /// A quarter of the credit is told at a time.
  private static let toldCountMin = UInt64(Taken.creditMax / 4)
  /// The size of a piece that is written, at most: what a frame may carry, or less, so that streams take turns.
  var pieceMax = 64 << 10

  // MARK: What tasks want

  mutating func open(_ id: StreamID, for opener: CheckedContinuation<Opened, Never>?) {
    streams[id] = Stream(opener: opener)
  }

  /// Gives the next chunk, or waits for it; nil at the end. One task reads at a time.
  mutating func read(_ id: StreamID, for reader: CheckedContinuation<Read, Never>) -> [Order] {
    guard var stream = streams.removeValue(forKey: id) else {
      reader.resume(returning: .success(nil))
      return []
    }
    defer { if !stream.isOver || !stream.chunks.isEmpty { streams[id] = stream } }
    if let chunk = stream.chunks.popFirst() {
      reader.resume(returning: .success(chunk))
      return take(chunk.bytes.count, &stream, id)
    }
    if stream.reader == nil { stream.reader = reader } else { reader.resume(returning: .failure(Self.readTwice)) }
    return []
  }

  /// Lets the task that reads go on without a chunk.
  mutating func stopReading(_ id: StreamID, with error: ClientError) {
    streams[id]?.reader?.resume(returning: .failure(error))
    streams[id]?.reader = nil
  }

  /// Sends bytes as far as there is credit; the task goes on when all of them are sent.
  mutating func write(_ bytes: [UInt8], to id: StreamID, for writer: CheckedContinuation<Outcome, Never>) -> [Order] {
    guard streams[id] != nil else {
      writer.resume(returning: .failure(Self.over))
      return []
    }
    streams[id]?.writers.append((bytes[...], writer))
    return send(id)
  }

  /// Ends what is written; the task goes on when the program has been handed all of it.
  mutating func end(_ id: StreamID, for ender: CheckedContinuation<Outcome, Never>) -> [Order] {
    guard streams[id] != nil else {
      ender.resume(returning: .failure(Self.over))
      return []
    }
    streams[id]?.enders.append(ender)
    return streams[id]?.enders.count == 1 ? [.end(id)] : []
  }

  /// Gives the stream up.
  mutating func close(_ id: StreamID) -> [Order] {
    guard let stream = streams.removeValue(forKey: id) else { return [] }
    Self.finish(stream, with: Self.over)
    return stream.isOver ? [] : [.close(id)]
  }

  // MARK: What the supervisor says

  mutating func receive(_ attached: Attached, _ id: StreamID) {
    streams[id]?.offset = attached.offset
    streams[id]?.opener?.resume(returning: .success(attached))
    streams[id]?.opener = nil
  }

  mutating func receive(_ bytes: [UInt8], _ id: StreamID) throws(Fault) -> [Order] {
    guard var stream = streams.removeValue(forKey: id) else { return [] }
    defer { streams[id] = stream }
    stream.receivedCount += UInt64(bytes.count)
    guard stream.receivedCount - stream.takenCount <= Taken.creditMax else { throw .overrun(id) }
    let chunk = StreamChunk(offset: stream.offset, bytes: bytes)
    let (end, isBeyond) = stream.offset.addingReportingOverflow(UInt64(bytes.count))
    guard !isBeyond else { throw .overrun(id) }
    stream.offset = end
    guard let reader = stream.reader else {
      stream.chunks.append(chunk)
      return []
    }
    stream.reader = nil
    reader.resume(returning: .success(chunk))
    return take(bytes.count, &stream, id)
  }

  mutating func receive(_ taken: Taken, _ id: StreamID) throws(Fault) -> [Order] {
    guard let stream = streams[id] else { return [] }
    guard taken.bytes >= stream.theirCount, taken.bytes <= stream.sentCount else { throw .taken(id) }
    streams[id]?.theirCount = taken.bytes
    return send(id)
  }

  /// The supervisor has said the last of a stream: END or CLOSE. What came before it can still be read.
  mutating func receiveLast(_ id: StreamID) {
    guard var stream = streams.removeValue(forKey: id) else { return }
    stream.isOver = true
    stream.opener?.resume(returning: .failure(Self.over))
    stream.opener = nil
    let isDone = stream.writers.isEmpty
    for ender in stream.enders { ender.resume(returning: isDone ? .success(()) : .failure(Self.over)) }
    stream.enders = []
    for writer in stream.writers { writer.task.resume(returning: .failure(Self.over)) }
    stream.writers = []
    stream.reader?.resume(returning: .success(nil))
    stream.reader = nil
    if !stream.chunks.isEmpty { streams[id] = stream }
  }

  /// The supervisor refused the stream. Whether it was open.
  mutating func refuse(_ id: StreamID, with error: ClientError) -> Bool {
    guard let stream = streams.removeValue(forKey: id) else { return false }
    Self.finish(stream, with: error)
    return true
  }

  mutating func failAll(with error: ClientError) {
    for id in streams.keys.sorted() { _ = refuse(id, with: error) }
  }

  // MARK: -

  private static let over = ClientError.refused(
    WireRefusal(.noStream, attempted: "use", subject: "a stream", reason: "it is over")
  )

  private static let readTwice = ClientError.refused(
    WireRefusal(.badRequest, attempted: "read", subject: "a stream", reason: "another task reads it")
  )

  private static func finish(_ stream: Stream, with error: ClientError) {
    stream.opener?.resume(returning: .failure(error))
    stream.reader?.resume(returning: .failure(error))
    for writer in stream.writers { writer.task.resume(returning: .failure(error)) }
    for ender in stream.enders { ender.resume(returning: .failure(error)) }
  }

  private func take(_ count: Int, _ stream: inout Stream, _ id: StreamID) -> [Order] {
    stream.takenCount += UInt64(count)
    guard !stream.isOver, stream.takenCount - stream.toldCount >= Self.toldCountMin else { return [] }
    stream.toldCount = stream.takenCount
    return [.taken(Taken(bytes: stream.takenCount), id)]
  }

  private mutating func send(_ id: StreamID) -> [Order] {
    guard var stream = streams.removeValue(forKey: id) else { return [] }
    defer { streams[id] = stream }
    var orders: [Order] = []
    while !stream.isOver, let (body, task) = stream.writers.popFirst() {
      var rest = body
      while !rest.isEmpty {
        let credit = Taken.creditMax - Int(stream.sentCount - stream.theirCount)
        guard credit > 0 else {
          stream.writers.prepend((rest, task))
          return orders
        }
        let piece = rest.prefix(min(credit, pieceMax))
        rest = rest.dropFirst(piece.count)
        stream.sentCount += UInt64(piece.count)
        orders.append(.data(Array(piece), id))
      }
      task.resume(returning: .success(()))
    }
    return orders
  }
}
