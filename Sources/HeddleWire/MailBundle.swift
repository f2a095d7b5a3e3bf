package import HeddleModel

/// Messages to one thread that came together, one behind the other, in bytes of their own: what a mailbox keeps of a run.
///
/// They are the frames that the supervisor will write, so that a message costs no step and no memory of its own.
package struct MailBundle: Equatable, Codable, Sendable {
  /// Where they are in `bytes`, without flags.
  package private(set) var run: MailRun
  package let bytes: [UInt8]

  /// Those of `run` that are not in `rest`, a later state of it.
  package init(copying run: MailRun, before rest: MailRun, in chunk: Span<UInt8>) {
    bytes = run.frames(before: rest, in: chunk)
    self.run = MailRun(to: run.receiver, flags: [], count: run.count - rest.count, at: 0..<bytes.count)
  }

  /// One message alone.
  package init(_ message: [UInt8], to receiver: ThreadID) {
    var frame: [UInt8] = []
    frame.reserveCapacity(FrameHeader.count + message.count)
    FrameHeader(.mail, id: receiver.rawValue, bodyCount: message.count).encode(into: &frame)
    frame += message
    self.init(MailRun(to: receiver, flags: [], count: 1, at: 0..<frame.count), in: frame)
  }

  /// The message of a supervisor's MAIL frame.
  package init(_ frame: Frame) {
    (run, bytes) = frame.asRun()
  }

  private init(_ run: MailRun, in bytes: [UInt8]) {
    self.run = run
    self.bytes = bytes
  }

  /// The same from a later state of its run on.
  package func from(_ rest: MailRun) -> MailBundle { MailBundle(rest, in: bytes) }

  /// Takes off the first message.
  ///
  /// - Returns: its body; nil when there is none.
  package mutating func popFirst() -> [UInt8]? {
    let bytes = bytes
    return run.popFirst(in: bytes.span)
  }

  /// Appends those that are not in `rest`, a later state of the run, each as a line.
  package func appendLines(before rest: MailRun, to lines: inout [UInt8]) {
    run.before(rest).forEach(in: bytes.span) { body in
      unsafe body.withUnsafeBufferPointer { unsafe lines.append(contentsOf: $0) }
      lines.append(UInt8(ascii: "\n"))
    }
  }

  /// The frames of those that are not in `rest`, a later state of the run.
  package func frames(before rest: MailRun) -> [UInt8] {
    // All of them: as they are.
    if rest.isEmpty, run.frameBytes == bytes.count { return bytes }
    return run.frames(before: rest, in: bytes.span)
  }
}

extension Mailbox<MailBundle> {
  /// Takes the first message out of the bundle that it is in; nil when there is none.
  package mutating func receiveOne() -> [UInt8]? {
    guard let bundle = first else { return nil }
    var rest = bundle.run
    let message = rest.popFirst(in: bundle.bytes.span)
    if rest.isEmpty { _ = receive() } else { leave(bundle.from(rest), size: rest.bodyBytes, count: rest.count) }
    return message
  }

  /// As `rewind`, of messages to `thread`.
  package mutating func rewind(_ messages: [[UInt8]], to thread: ThreadID) {
    rewind(messages.map { (MailBundle($0, to: thread), $0.count) })
  }
}
