import HeddleModel
import HeddleWire
import Testing

@Suite("Garbage never traps")
struct GarbageTests {
  /// Good frames of every kind with bodies.
  private static func goodFrames() throws -> [UInt8] {
    var writer = FrameWriter(bodyMax: BodyLimit.usual)
    try writer.hello(Samples.hello)
    try writer.welcome(Samples.welcome)
    for request in Samples.requests { try writer.request(request, id: RequestID(rawValue: 1)) }
    for reply in Samples.replies { try writer.reply(reply, to: RequestID(rawValue: 1)) }
    for notice in Samples.notices { try writer.notice(notice, of: RequestID(rawValue: 1)) }
    for ack in Samples.acks { try writer.ack(ack) }
    for event in Samples.events { try writer.watch(event, id: WatchID(rawValue: 1)) }
    for attach in Samples.attachments { try writer.attach(attach, id: StreamID(rawValue: 1)) }
    try writer.attached(Samples.attached, id: StreamID(rawValue: 1))
    try writer.linkHello(Samples.linkHello)
    try writer.linkChallenge(Samples.linkCode, Samples.linkHello.encoded())
    try writer.clientOpen(Samples.linkClient, number: 1)
    return writer.take()
  }

  /// Decodes what `frame` says it is. Whether that was possible; any error but the room's own escapes.
  private func decodes(_ frame: Frame) throws -> Bool {
    do {
      switch frame.header.kind {
      case .hello: _ = try Hello(decoding: frame.body)
      case .welcome: _ = try Welcome(decoding: frame.body)
      case .request: _ = try Request(decoding: frame.body)
      case .reply: _ = try Reply(decoding: frame.body)
      case .refusal: _ = try WireRefusal(decoding: frame.body)
      case .notice: _ = try Notice(decoding: frame.body)
      case .ack: _ = try Ack(decoding: frame.body)
      case .watch: _ = try StateEvent(decoding: frame.body)
      case .attach:
        // Either end sends it, with a body of its own.
        do { _ = try Attach(decoding: frame.body) } catch { _ = try Attached(decoding: frame.body) }
      case .taken: if frame.body.count == 8 { _ = Taken(decoding: frame.body) }
      case .credit: if frame.body.count == 16 { _ = MailTotals(decoding: frame.body) }
      case .break: _ = try BreakKind(decoding: frame.body)
      case .mailEnd, .mark: break
      case .linkHello: _ = try LinkHello(decoding: frame.body)
      case .linkChallenge: _ = try LinkHello(decoding: frame.challenge.hello)
      case .clientOpen: _ = try LinkClient(decoding: frame.body)
      // What these say is decoded in another room, with the registrar.
      case .coordinatorRequest, .coordinatorAnswer, .coordinatorNews: break
      case .linkProof, .linkOpen, .ping, .pong, .client, .clientClose, .answer: break
      case .mail, .room, .fired, .unwatch, .data, .end, .close: break
      }
      return true
    } catch is WireDecodingError {
      return false
    } catch is AckError {
      return false
    }
  }

  @Test("random bytes are frames or a frame error", arguments: 0..<50 as Range<UInt64>)
  func randomBytes(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<200 {
      var bytes = (0..<Int.random(in: 0...64, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      // Mostly a length that could be right, else no test would come past it.
      for index in bytes.indices.prefix(3) where Bool.random(using: &random) { bytes[index] = 0 }
      do throws(FrameError) {
        let frames = try frames(in: bytes, pieceCount: Int.random(in: 1...20, using: &random))
        #expect(frames.allSatisfy { $0.body.count == $0.header.bodyCount })
      } catch {
        #expect(!error.description.isEmpty)
      }
    }
  }

  @Test("a random body decodes or fails with a wire error", arguments: 0..<50 as Range<UInt64>)
  func randomBodies(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<50 {
      let body = (0..<Int.random(in: 0...40, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      for kind in FrameKind.allCases {
        let header = FrameHeader(kind, id: 1, bodyCount: body.count)
        _ = try decodes(Frame(header: header, body: body))
      }
    }
  }

  @Test("a good frame with some bytes changed decodes or fails with a wire error", arguments: 0..<20 as Range<UInt64>)
  func mutations(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let good = try frames(in: Self.goodFrames())
    var refused = 0
    for frame in good where !frame.body.isEmpty {
      var body = frame.body
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        body[Int.random(in: body.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      if try !decodes(Frame(header: frame.header, body: body)) { refused += 1 }
    }
    #expect(refused > 0)
  }

  @Test("a body cut off anywhere decodes or fails with a wire error")
  func cutBodies() throws {
    for frame in try frames(in: Self.goodFrames()) {
      #expect(try decodes(frame))
      for count in 0..<frame.body.count {
        _ = try decodes(Frame(header: frame.header, body: Array(frame.body.prefix(count))))
      }
    }
  }
}
