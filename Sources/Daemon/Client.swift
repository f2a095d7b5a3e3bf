internal import HeddleLoop
internal import HeddleWire
internal import Supervision

/// One client's end of the wire: frames in, frames out, and nothing known of what they mean.
final class Client {
  /// What a client may leave unread before its next requests are left unread, too.
  private var unreadBytesMax = 1 << 20

  let stream: ByteStream
  private var reader = FrameReader()
  private var writer = FrameWriter()
  /// What puts frames into order once it is clear that the other end is another node.
  private var link: LinkWriter?
  /// Whether what waits to be written to the link has to be told again.
  var isLoadTold = false
  /// How often frames were taken so far.
  private var takes: UInt64 = 0
  /// What came and was not looked at, because the client does not read what it is sent.
  private var unread: [UInt8] = []
  /// Whether it is told no more, and closed once all is written.
  private(set) var isClosing = false

  /// Whether its owner has noted that something is to be flushed.
  var willBeFlushed = false
  /// Whether nothing is written to it for now.
  private var isHeld: Bool
  /// The breaks that came while it was held, and how much of what is held goes before them.
  private var breaks = FrameWriter()
  private var breaksOffset = 0

  init(_ stream: ByteStream, isHeld: Bool = false) {
    self.stream = stream
    self.isHeld = isHeld
  }

  // MARK: - In

  /// Keeps what came, behind what is kept already.
  func keep(_ chunk: Span<UInt8>) {
    unsafe chunk.withUnsafeBufferPointer { unsafe unread.append(contentsOf: $0) }
  }

  /// Hands out what was kept.
  func takeKept() -> [UInt8] {
    defer { unread = [] }
    return unread
  }

  /// The next whole frame; nil when `chunk` is used up.
  func nextFrame(in chunk: Span<UInt8>, at offset: inout Int) throws(FrameError) -> Frame? {
    let frame = try reader.next(in: chunk, at: &offset)
    if frame != nil { takes += 1 }
    return frame
  }

  /// The mail that stands at `offset` in whole frames, if some does.
  func mailRun(in chunk: Span<UInt8>, at offset: inout Int) -> MailRun? {
    let run = reader.mailRun(in: chunk, at: &offset)
    if run != nil { takes += 1 }
    return run
  }

  /// Whether what came so far ends within a frame.
  var isWithinFrame: Bool { unread.isEmpty && !reader.isBetweenFrames }

  /// The number of the frame within which that is; nil if it ends with one.
  var frameWithin: UInt64? { isWithinFrame ? takes : nil }

  /// Whether its next frames are to wait until it has read more of what it was sent.
  ///
  /// Never those of a link: if both ends left off reading because the other does, neither would ever go on.
  var isCongested: Bool { link == nil && stream.queuedBytes + writer.bytes.count > unreadBytesMax }

  /// Whether the other end is another node, or claims to be.
  var isLink: Bool { link != nil }

  /// What waits to be written, in bytes.
  var queuedBytes: Int { stream.queuedBytes + writer.bytes.count + (link?.count ?? 0) }

  // MARK: - Out

  /// Appends a frame to what `flush` will write. One that exceeds the connection's limit becomes a refusal.
  ///
  /// - Parameter guest: the client of another node that it is for, where the connection is a link.
  func append(_ outgoing: Outgoing, for guest: UInt64? = nil) throws(FrameError) {
    do throws(FrameError) {
      try encode(outgoing, for: guest)
    } catch {
      guard let request = outgoing.request else { throw error }
      let refusal = WireRefusal(
        .tooLarge,
        attempted: "answer",
        subject: "request \(request)",
        reason: error.description,
        advice: "ask for less at a time"
      )
      try encode(.refusal(refusal, request), for: guest)
    }
  }

  /// Writes what was appended, in one piece.
  ///
  /// - Parameter onWritten: called once, later, if the kernel did not take all of it at once, and has by then.
  func flush(onWritten: @escaping () -> Void) {
    guard !isHeld, stream.isOpen else { return }
    let bytes = takeBytes()
    // A client that is gone is noticed by its reading end.
    if !bytes.isEmpty { _ = try? stream.write(bytes) { _ in onWritten() } }
  }

  private func takeBytes() -> [UInt8] {
    if let bytes = link?.take() { return bytes }
    var bytes = writer.take()
    if !breaks.bytes.isEmpty { bytes.insert(contentsOf: breaks.take(), at: breaksOffset) }
    breaksOffset = 0
    return bytes
  }

  /// Keeps back all that is appended from now on.
  func hold() { isHeld = true }

  /// Lets what was kept back be flushed: the breaks first.
  func release() { isHeld = false }

  /// Closes the stream when all that was flushed is written.
  func finish(onFinished: @escaping () -> Void) {
    guard !isClosing else { return }
    isClosing = true
    stream.stopReading()
    do throws(LoopError) {
      try stream.shutdown { _ in onFinished() }
    } catch {
      onFinished()
    }
  }

  private func encode(_ outgoing: Outgoing, for guest: UInt64?) throws(FrameError) {
    switch outgoing {
    case .linkHello, .linkChallenge: link = LinkWriter()
    default: break
    }
    guard link == nil else {
      try link?.append(outgoing, for: guest)
      if let bodyMax = outgoing.bodyMaxFromNowOn { reader.bodyMax = bodyMax }
      return
    }
    switch outgoing {
    case .welcome(let welcome):
      try writer.welcome(welcome)
      writer.bodyMax = welcome.bodyMax
      reader.bodyMax = welcome.bodyMax
      // Nothing overtakes the handshake.
      breaksOffset = writer.bytes.count
      // The credit bounds mail. If mail counted here, a worker that writes before it reads would wait for ever.
      if let credit = welcome.worker?.credit {
        unreadBytesMax += Int(clamping: credit.bytes) + Int(clamping: credit.messages) * FrameHeader.count
      }
    case .mail(let frames): writer.append(frames: frames)
    case .break(let kind, let thread) where isHeld: try breaks.break(kind, of: thread)
    default: try writer.write(outgoing)
    }
  }
}

extension Outgoing {
  /// The request that a frame answers, and with which it can be told that the answer does not fit.
  fileprivate var request: RequestID? {
    switch self {
    case .reply(_, let request): request
    case .refusal(_, let request): request
    case .welcome, .notice, .ack, .room, .fired, .attached, .data, .end, .close, .taken: nil
    case .mail, .break, .mailEnd, .mark, .ackOf: nil
    case .linkHello, .linkChallenge, .linkProof, .linkOpen, .ping, .pong, .clientOpen, .clientClose, .fromClient: nil
    case .coordinator: nil
    }
  }
}
