package import HeddleModel

/// Mail to one thread, one whole frame behind the other with the same flags, within a piece of what has arrived.
///
/// It is a place in that piece, not a copy: whoever has one uses it while the piece is there. So mail that comes together
/// can be written on in one go.
package struct MailRun: Equatable, Codable, Sendable {
  package let receiver: ThreadID
  package let flags: FrameFlags
  /// How many messages there are.
  package private(set) var count: Int
  /// Where the frames are in the piece, headers included.
  private var place: Range<Int>

  init(to receiver: ThreadID, flags: FrameFlags, count: Int, at place: Range<Int>) {
    self.receiver = receiver
    self.flags = flags
    self.count = count
    self.place = place
  }

  package var isEmpty: Bool { count == 0 }

  /// The size of all bodies together, in bytes.
  package var bodyBytes: Int { place.count - count * FrameHeader.count }

  /// The size of all frames together, in bytes.
  var frameBytes: Int { place.count }

  /// The size of the first body, in bytes; nil when there is none.
  package func firstSize(in chunk: Span<UInt8>) -> Int? {
    isEmpty ? nil : Int(chunk.bigEndian(UInt32.self, at: place.lowerBound)) - FrameHeader.countedCount
  }

  /// Takes off the first message.
  ///
  /// - Returns: its body; nil when there is none.
  package mutating func popFirst(in chunk: Span<UInt8>) -> [UInt8]? {
    guard let size = firstSize(in: chunk) else { return nil }
    let start = place.lowerBound + FrameHeader.count
    dropFirst(ofSize: size)
    return unsafe chunk.extracting(start..<start + size).withUnsafeBufferPointer { unsafe Array($0) }
  }

  /// Takes off the messages, from the first on, as long as `fits` says so.
  ///
  /// - Parameter fits: is asked about the body of each.
  package mutating func dropFirst(in chunk: Span<UInt8>, while fits: (Span<UInt8>) -> Bool) {
    while let size = firstSize(in: chunk) {
      let start = place.lowerBound + FrameHeader.count
      guard fits(chunk.extracting(start..<start + size)) else { return }
      dropFirst(ofSize: size)
    }
  }

  /// Calls `body` with each message's body, in order.
  package func forEach<Failure: Error>(
    in chunk: Span<UInt8>,
    _ body: (Span<UInt8>) throws(Failure) -> Void
  ) throws(Failure) {
    var offset = place.lowerBound + FrameHeader.count
    for _ in 0..<count {
      let size = Int(chunk.bigEndian(UInt32.self, at: offset - FrameHeader.count)) - FrameHeader.countedCount
      try body(chunk.extracting(offset..<offset + size))
      offset += size + FrameHeader.count
    }
  }

  /// Takes off the first message, whose body has `size` bytes.
  package mutating func dropFirst(ofSize size: Int) {
    count -= 1
    place = place.lowerBound + FrameHeader.count + size..<place.upperBound
  }

  /// Takes off all that is not in `rest`, a later state of the same run.
  ///
  /// - Returns: the frames of what was taken off as a supervisor writes them, without flags.
  package func frames(before rest: MailRun, in chunk: Span<UInt8>) -> [UInt8] {
    var frames = unsafe chunk.extracting(before(rest).place).withUnsafeBufferPointer { unsafe Array($0) }
    guard flags != [] else { return frames }
    var offset = 0
    for _ in rest.count..<count {
      let length = Int(frames.span.bigEndian(UInt32.self, at: offset))
      frames[offset + FrameHeader.flagsOffset] = 0
      offset += FrameHeader.count - FrameHeader.countedCount + length
    }
    return frames
  }

  /// The frames, as the node that has the receiver is to get them: flags and all, but with an id of its own.
  package func framesForOwner(in chunk: Span<UInt8>) -> [UInt8] {
    var frames = unsafe chunk.extracting(place).withUnsafeBufferPointer { unsafe Array($0) }
    var offset = 0
    for _ in 0..<count {
      let length = Int(frames.span.bigEndian(UInt32.self, at: offset))
      // The slot is in the id's first two bytes.
      frames[offset + FrameHeader.idOffset] = 0
      frames[offset + FrameHeader.idOffset + 1] = 0
      offset += FrameHeader.count - FrameHeader.countedCount + length
    }
    return frames
  }

  /// The same run, with bytes of its own.
  package func detached(from chunk: Span<UInt8>) -> (MailRun, [UInt8]) {
    let bytes = unsafe chunk.extracting(place).withUnsafeBufferPointer { unsafe Array($0) }
    return (MailRun(to: receiver, flags: flags, count: count, at: 0..<bytes.count), bytes)
  }

  /// Those that are not in `rest`, a later state of the same run.
  func before(_ rest: MailRun) -> MailRun {
    MailRun(to: receiver, flags: flags, count: count - rest.count, at: place.lowerBound..<rest.place.lowerBound)
  }

  /// The same without any message.
  package var end: MailRun { MailRun(to: receiver, flags: flags, count: 0, at: place.upperBound..<place.upperBound) }
}

extension FrameReader {
  /// The mail to one thread that stands at `offset` in whole frames; nil when something else does, for `next` to see.
  ///
  /// - Parameters:
  ///   - chunk: what has arrived.
  ///   - offset: from where `chunk` is not read yet; moved behind the mail.
  package func mailRun(in chunk: Span<UInt8>, at offset: inout Int) -> MailRun? {
    guard isBetweenFrames, chunk.count - offset >= FrameHeader.count,
      let header = try? FrameHeader(decoding: chunk.extracting(offset..<offset + FrameHeader.count), bodyMax: bodyMax),
      header.kind == .mail
    else { return nil }
    let start = offset
    // All but the length is the same in all headers of a run; so it is checked once.
    let first = chunk.bigEndian(UInt32.self, at: start + 4)
    var count = 0
    while chunk.count - offset >= FrameHeader.count, chunk.bigEndian(UInt32.self, at: offset + 4) == first,
      chunk.bigEndian(UInt64.self, at: offset + 8) == header.id
    {
      let size = Int(chunk.bigEndian(UInt32.self, at: offset)) - FrameHeader.countedCount
      guard size >= 0, size <= bodyMax, size <= chunk.count - offset - FrameHeader.count else { break }
      offset += FrameHeader.count + size
      count += 1
      // RETRY is said of one message.
      if header.flags.contains(.retry) { break }
    }
    guard count > 0 else { return nil }
    return MailRun(to: ThreadID(rawValue: header.id), flags: header.flags, count: count, at: start..<offset)
  }
}

extension Frame {
  /// The frame, of mail, in bytes, and the run that it is there.
  package func asRun() -> (MailRun, [UInt8]) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(FrameHeader.count + body.count)
    header.encode(into: &bytes)
    bytes += body
    return (MailRun(to: ThreadID(rawValue: header.id), flags: header.flags, count: 1, at: 0..<bytes.count), bytes)
  }
}
