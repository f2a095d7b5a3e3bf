internal import DequeModule
internal import HeddleWire

/// The mail on its way to one worker, since its HELLO: what was written to it, and what it has taken of that.
///
/// So much may be written as the credit is ahead of what was taken. A message that alone exceeds the credit is written when
/// nothing else is on its way, so that none stays behind for ever.
struct MailFlow: Equatable, Sendable {
  /// Why a frame of the worker makes no sense.
  enum Fault: Error, Equatable {
    /// It has taken less than it had before, or more than there was.
    case impossibleCredit
    /// It has set more marks than it may.
    case tooManyMarks
  }

  /// A place behind some of the mail.
  private struct Mark: Equatable, Sendable {
    let id: MarkID
    /// So many messages are before it, all in all.
    let through: UInt64
  }

  /// What is on its way at most.
  let credit: MailTotals
  private(set) var written = MailTotals.zero
  private(set) var taken = MailTotals.zero
  /// Whether the worker was told that no more mail comes.
  private(set) var isEnded = false
  private var marks: Deque<Mark> = []

  init(credit: MailTotals) { self.credit = credit }

  /// The messages that were written and not taken, as far as the worker has said.
  var messagesOnTheirWay: Int { Int(clamping: written.messages - taken.messages) }

  /// Whether a message of `size` bytes may be written now.
  func admits(_ size: Int) -> Bool {
    let messages = written.messages - taken.messages
    let bytes = written.bytes - taken.bytes
    return messages < credit.messages && (messages == 0 || bytes + UInt64(size) <= credit.bytes)
  }

  /// Whether `count` messages of `bytes` bytes in all may be written now, in whatever sizes.
  func admits(_ count: Int, bytes: Int) -> Bool {
    let (onTheirWay, bytesOnTheirWay) = (written.messages - taken.messages, written.bytes - taken.bytes)
    return onTheirWay + UInt64(count) <= credit.messages && bytesOnTheirWay + UInt64(bytes) <= credit.bytes
  }

  /// So many messages of so many bytes in all are written.
  mutating func write(_ count: Int = 1, bytes: Int) {
    written.messages += UInt64(count)
    written.bytes += UInt64(bytes)
  }

  /// As much of `run`, from its first message, as may be written now is written.
  ///
  /// - Parameter sizeMax: a message of more bytes is not.
  /// - Returns: what is left.
  mutating func write(_ run: MailRun, in chunk: Span<UInt8>, sizeMax: Int = .max) -> MailRun {
    if run.bodyBytes <= sizeMax, admits(run.count, bytes: run.bodyBytes) {
      write(run.count, bytes: run.bodyBytes)
      return run.end
    }
    var rest = run
    rest.dropFirst(in: chunk) { body in
      guard body.count <= sizeMax, admits(body.count) else { return false }
      write(bytes: body.count)
      return true
    }
    return rest
  }

  /// The worker has taken so much, all in all.
  mutating func take(_ totals: MailTotals) throws(Fault) {
    guard totals.messages >= taken.messages, totals.bytes >= taken.bytes, totals.messages <= written.messages,
      totals.bytes <= written.bytes
    else { throw .impossibleCredit }
    taken = totals
  }

  /// The worker is told that no more mail comes.
  mutating func end() { isEnded = true }

  /// The worker sets a mark behind what was written and the `queued` messages in its mailbox.
  mutating func mark(_ id: MarkID, behind queued: Int) throws(Fault) {
    guard marks.count < Limits.openRequestsMax else { throw .tooManyMarks }
    marks.append(Mark(id: id, through: written.messages + UInt64(queued)))
  }

  /// The next mark that the written mail has reached, which is not there any more then; nil when there is none.
  ///
  /// - Parameter isAll: whether nothing is in the mailbox.
  mutating func nextMark(isAll: Bool) -> MarkID? {
    guard let first = marks.first, isAll || first.through <= written.messages else { return nil }
    return marks.removeFirst().id
  }
}
