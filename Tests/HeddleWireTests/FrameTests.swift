import HeddleModel
import HeddleWire
import Testing

@Suite("Frames")
struct FrameTests {
  /// One frame of every kind.
  private func oneOfEach() throws -> [UInt8] {
    var writer = FrameWriter(bodyMax: BodyLimit.usual)
    let request = RequestID(rawValue: 5)
    try writer.hello(Samples.hello)
    try writer.welcome(Samples.welcome)
    try writer.request(Samples.requests[0], id: request)
    try writer.reply(.done, to: request)
    try writer.refusal(Samples.refusals[0], of: nil)
    try writer.notice(Samples.notices[0], of: request)
    try writer.mail(Samples.bytes("hello").span, to: Samples.id, flags: [.wait, .retry])
    try writer.mail([UInt8]().span, to: Samples.id)
    try writer.ack(Samples.acks[2])
    try writer.room(for: Samples.id)
    try writer.watch(Samples.events[0], id: WatchID(rawValue: 6))
    try writer.fired(WatchID(rawValue: 6))
    try writer.unwatch(WatchID(rawValue: 6))
    try writer.attach(Samples.attachments[0], id: StreamID(rawValue: 7))
    try writer.attached(Samples.attached, id: StreamID(rawValue: 7))
    try writer.data([1, 2].span, of: StreamID(rawValue: 7))
    try writer.end(of: StreamID(rawValue: 7))
    try writer.close(StreamID(rawValue: 7))
    try writer.taken(Taken(bytes: 2), of: StreamID(rawValue: 7))
    try writer.credit(Samples.totals)
    try writer.break(.hangUp, of: Samples.id)
    try writer.mailEnd(of: Samples.id)
    try writer.mark(MarkID(rawValue: 8))
    try writer.linkHello(Samples.linkHello)
    try writer.linkChallenge(Samples.linkCode, Samples.linkHello.encoded())
    try writer.linkProof(Samples.linkCode)
    try writer.linkOpen()
    try writer.ping()
    try writer.pong()
    try writer.clientOpen(Samples.linkClient, number: 3)
    try writer.client(3)
    try writer.clientClose(3)
    try writer.answer(to: 3)
    return writer.take()
  }

  @Test("messages that are written together are the bytes of each written alone, or nothing if one is too long")
  func together() throws {
    let messages = [Samples.bytes("hello"), [], [UInt8](repeating: 7, count: 300)]
    var (one, all) = (FrameWriter(), FrameWriter())
    for message in messages { try one.mail(message.span, to: Samples.id, flags: .wait) }
    try all.mail(messages[..<1], to: Samples.id, flags: .wait)
    try all.mail(messages[1...], to: Samples.id, flags: .wait)
    #expect(all.bytes == one.bytes)

    let tooLong = [UInt8](repeating: 0, count: all.bodyMax + 1)
    #expect(throws: FrameError.bodyTooLong(declared: all.bodyMax + 1, limit: all.bodyMax)) {
      try all.mail([[1], tooLong], to: Samples.id)
    }
    #expect(all.take() == one.take())
  }

  @Test("a header is length, kind, flags, reserved and id, big-endian")
  func layout() throws {
    var writer = FrameWriter()
    try writer.mail([0xAA, 0xBB].span, to: ThreadID(rawValue: 0x0102_0304_0506_0708), flags: .retry)
    #expect(writer.take() == [0, 0, 0, 14, 7, 2, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0xAA, 0xBB])
    #expect(writer.take().isEmpty)
  }

  @Test("every kind is read as it was written")
  func roundTrip() throws {
    let frames = try frames(in: oneOfEach())
    #expect(
      frames.map(\.header.kind) == [
        .hello, .welcome, .request, .reply, .refusal, .notice, .mail, .mail, .ack, .room, .watch, .fired, .unwatch,
        .attach, .attach, .data, .end, .close, .taken, .credit, .break, .mailEnd, .mark,
        .linkHello, .linkChallenge, .linkProof, .linkOpen, .ping, .pong, .clientOpen, .client, .clientClose, .answer,
      ]
    )
    #expect(frames[6].body == Samples.bytes("hello"))
    #expect(frames[6].header == FrameHeader(.mail, flags: [.wait, .retry], id: Samples.id.rawValue, bodyCount: 5))
    #expect(frames[7].body.isEmpty && frames[9].body.isEmpty)
  }

  @Test("frames are the same whatever pieces they arrive in")
  func pieces() throws {
    let bytes = try oneOfEach()
    let whole = try frames(in: bytes)
    for pieceCount in 1...40 { #expect(try frames(in: bytes, pieceCount: pieceCount) == whole) }
    for cut in 0...bytes.count {
      var reader = FrameReader(bodyMax: BodyLimit.usual)
      var frames: [Frame] = []
      try reader.read(Array(bytes[..<cut]), into: &frames)
      try reader.read(Array(bytes[cut...]), into: &frames)
      #expect(frames == whole, "cut at \(cut)")
      #expect(reader.isBetweenFrames)
    }
  }

  @Test("a connection that ends within a frame was cut off")
  func cutOff() throws {
    let bytes = try oneOfEach()
    var reader = FrameReader(bodyMax: BodyLimit.usual)
    var frames: [Frame] = []
    #expect(reader.isBetweenFrames)
    try reader.read(Array(bytes.prefix(7)), into: &frames)
    #expect(!reader.isBetweenFrames)
    try reader.read(Array(bytes[7..<17]), into: &frames)
    #expect(!reader.isBetweenFrames && frames.isEmpty)
  }

  @Test("what one frame changes holds for the next one, though both came in one piece")
  func limitRises() throws {
    var writer = FrameWriter(bodyMax: BodyLimit.usual)
    try writer.welcome(Samples.welcome)
    try writer.mail([UInt8](repeating: 1, count: 5_000).span, to: Samples.id)
    let bytes = writer.take()

    var reader = FrameReader()
    var offset = 0
    let welcome = try #require(try reader.next(in: bytes.span, at: &offset))
    reader.bodyMax = try Welcome(decoding: welcome.body).bodyMax
    #expect(try reader.next(in: bytes.span, at: &offset)?.body.count == 5_000)
    #expect(try reader.next(in: bytes.span, at: &offset) == nil)
    #expect(offset == bytes.count)
  }

  @Test("the longest body is taken, and one byte more is refused on its header alone", arguments: [0, 1, 4_096])
  func limit(bodyMax: Int) throws {
    var writer = FrameWriter(bodyMax: bodyMax)
    try writer.mail([UInt8](repeating: 1, count: bodyMax).span, to: Samples.id)
    #expect(try frames(in: writer.take(), bodyMax: bodyMax)[0].body.count == bodyMax)

    let error = FrameError.bodyTooLong(declared: bodyMax + 1, limit: bodyMax)
    #expect(throws: error) { try writer.mail([UInt8](repeating: 1, count: bodyMax + 1).span, to: Samples.id) }
    #expect(writer.take().isEmpty)
    #expect(throws: error) { try frames(in: header(length: UInt32(bodyMax + 13)), bodyMax: bodyMax) }
  }

  @Test("the most that a length can say is refused before room for it is made")
  func absurdLength() {
    #expect(throws: FrameError.bodyTooLong(declared: Int(UInt32.max) - 12, limit: BodyLimit.ceiling)) {
      try frames(in: header(length: .max), bodyMax: BodyLimit.ceiling)
    }
  }

  @Test("a length that does not cover the header is refused", arguments: [0, 11] as [UInt32])
  func tooShort(length: UInt32) {
    #expect(throws: FrameError.tooShort(length: length)) { try frames(in: header(length: length)) }
  }

  @Test("a kind that there is not is refused by its number", arguments: [0, 99, 255] as [UInt8])
  func unknownKind(number: UInt8) {
    let error = #expect(throws: FrameError.unknownKind(number)) { try frames(in: header(kind: number)) }
    #expect(error.map(WireRefusal.init)?.reason == "frame kind \(number) is unknown")
  }

  @Test("what is reserved is 0, and flags are those of the kind")
  func reserved() {
    #expect(throws: FrameError.reservedBits(0x0102)) { try frames(in: header(reserved: [1, 2])) }
    #expect(throws: FrameError.flags(FrameFlags(rawValue: 16), .mail)) { try frames(in: header(flags: 31)) }
    #expect(throws: FrameError.flags(.wait, .request)) { try frames(in: header(kind: 3, flags: 1)) }
  }

  @Test("what concerns a thread or a request names it, what concerns the connection has id 0")
  func ids() throws {
    for kind in [
      FrameKind.request, .reply, .notice, .mail, .room, .watch, .fired, .unwatch, .attach, .data, .end, .close,
      .break, .mailEnd, .mark,
    ] {
      #expect(throws: FrameError.id(0, kind)) { try frames(in: header(kind: kind.rawValue, id: 0)) }
    }
    for kind in [FrameKind.hello, .welcome, .ack, .credit] {
      #expect(throws: FrameError.id(9, kind)) { try frames(in: header(kind: kind.rawValue, id: 9)) }
    }
    #expect(try frames(in: header(kind: 5, id: 0)).count == 1)
    #expect(try frames(in: header(kind: 5, id: 9)).count == 1)
  }

  @Test("room has no body")
  func roomBody() {
    #expect(throws: FrameError.unexpectedBody(.room, count: 1)) { try frames(in: header(length: 13, kind: 9)) }
  }

  @Test("what says all by its kind has no body, and what is taken is one number")
  func streamBodies() {
    for kind in [FrameKind.fired, .unwatch, .end, .close, .mailEnd, .mark] {
      #expect(throws: FrameError.unexpectedBody(kind, count: 1)) {
        try frames(in: header(length: 13, kind: kind.rawValue))
      }
    }
    for count in [0, 7, 9] as [UInt32] {
      #expect(throws: FrameError.unexpectedBody(.taken, count: Int(count))) {
        try frames(in: header(length: 12 + count, kind: FrameKind.taken.rawValue))
      }
    }
  }

  @Test("a credit is two numbers, and a break is one byte")
  func workerBodies() {
    for (kind, count) in [(FrameKind.credit, 15), (.credit, 17), (.break, 0), (.break, 2)] {
      #expect(throws: FrameError.unexpectedBody(kind, count: count)) {
        try frames(in: header(length: UInt32(12 + count), kind: kind.rawValue, id: kind == .credit ? 0 : 5))
      }
    }
  }

  @Test("after an error a reader gives nothing but that error")
  func failed() {
    var reader = FrameReader()
    var offset = 0
    let good = header()
    #expect(throws: FrameError.unknownKind(99)) { try reader.next(in: header(kind: 99).span, at: &offset) }
    offset = 0
    #expect(throws: FrameError.unknownKind(99)) { try reader.next(in: good.span, at: &offset) }
    #expect(!reader.isBetweenFrames)
  }

  /// A MAIL header without body, but for what is said.
  private func header(
    length: UInt32 = 12,
    kind: UInt8 = 7,
    flags: UInt8 = 0,
    reserved: [UInt8] = [0, 0],
    id: UInt8 = 9
  ) -> [UInt8] {
    let lengthBytes = (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) }
    return lengthBytes + [kind, flags] + reserved + [0, 0, 0, 0, 0, 0, 0, id]
  }
}
