import HeddleModel
import HeddleWire

/// libFuzzer's own main; https://llvm.org/docs/LibFuzzer.html#using-libfuzzer-as-a-library.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ count: UnsafeMutablePointer<CInt>,
  _ words: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
  _ fuzz: @convention(c) (UnsafePointer<UInt8>, Int) -> CInt
) -> CInt

/// The program's start, by the name that SwiftPM gives it.
@_cdecl("heddle_fuzz_frames_main")
public func start(_ count: CInt, _ words: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> CInt {
  var (count, words) = unsafe (count, words)
  return unsafe runDriver(&count, &words, { unsafe fuzz($0, $1) })
}

/// What libFuzzer calls with each input; https://llvm.org/docs/LibFuzzer.html. A trap is a finding.
///
/// The first byte is the size of the pieces in which the rest comes, as from a socket; the rest are frames. The same rest
/// is also taken for the body of a request, and of a frame of the kind that the first byte says, so that bodies are reached
/// without a header that fits them.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard count > 0 else { return 0 }
  let input = unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
  let stream = Array(input.dropFirst())
  let frames = read(stream, pieceCount: max(1, Int(input[0])))
  precondition(frames == read(stream, pieceCount: max(1, stream.count)), "frames depend on the pieces they come in")
  for frame in frames { decode(frame) }
  let kind = FrameKind.allCases[Int(input[0]) % FrameKind.allCases.count]
  for kind in [FrameKind.request, kind] {
    decode(Frame(header: FrameHeader(kind, id: 1, bodyCount: stream.count), body: stream))
  }
  return 0
}

/// The whole frames up to the first that is none.
private func read(_ stream: [UInt8], pieceCount: Int) -> [Frame] {
  var reader = FrameReader(bodyMax: BodyLimit.usual)
  var frames: [Frame] = []
  do throws(FrameError) {
    for start in stride(from: 0, to: stream.count, by: pieceCount) {
      let piece = Array(stream[start..<min(start + pieceCount, stream.count)])
      var offset = 0
      while let frame = try reader.next(in: piece.span, at: &offset) { frames.append(frame) }
    }
  } catch {
    precondition(!error.description.isEmpty, "an error says what is wrong")
    _ = WireRefusal(error).description
  }
  return frames
}

/// Decodes what a frame says it is. What could be decoded is encoded again, and is the same then.
private func decode(_ frame: Frame) {
  do {
    switch frame.header.kind {
    case .hello: _ = try Hello(decoding: frame.body)
    case .welcome: _ = try Welcome(decoding: frame.body)
    case .request:
      let request = try Request(decoding: frame.body)
      let again = try Request(decoding: request.encoded())
      precondition(again == request, "a request changes on its way")
    case .reply: _ = try Reply(decoding: frame.body)
    case .refusal: _ = try WireRefusal(decoding: frame.body).description
    case .notice: _ = try Notice(decoding: frame.body)
    case .ack: if !frame.body.isEmpty { _ = try Ack(decoding: frame.body) }
    case .watch: _ = try StateEvent(decoding: frame.body)
    case .attach:
      // Either end sends it, with a body of its own.
      do { _ = try Attach(decoding: frame.body) } catch { _ = try Attached(decoding: frame.body) }
    case .taken: if frame.body.count == 8 { _ = Taken(decoding: frame.body) }
    case .credit: if frame.body.count == 16 { _ = MailTotals(decoding: frame.body) }
    case .break: if frame.body.count == 1 { _ = try BreakKind(decoding: frame.body) }
    case .linkHello: _ = try LinkHello(decoding: frame.body)
    case .linkChallenge: if frame.body.count > LinkCode.count { _ = try LinkHello(decoding: frame.challenge.hello) }
    case .clientOpen: _ = try LinkClient(decoding: frame.body)
    case .linkProof, .linkOpen, .ping, .pong, .client, .clientClose, .answer: break
    case .mail, .mailEnd, .mark, .room, .fired, .unwatch, .data, .end, .close: break
    }
  } catch let error as WireDecodingError {
    _ = WireRefusal(error).description
  } catch let error as AckError {
    precondition(!error.description.isEmpty, "an error says what is wrong")
  } catch {
    preconditionFailure("decoding fails with an error of the wire alone, not \(error)")
  }
}
