internal import HeddleModel
internal import HeddleThreads
internal import HeddleWire

/// What a connection brings only a worker: its mail, its breaks, and its marks. Confined to the connection's loop.
final class WorkerChannel {
  private let mailbox: WorkerMailbox
  /// The process's main thread, to which breaks go.
  private let main: LocalThread
  /// How many nested calls of the process are open: breaks are not its own meanwhile.
  var nestedCount = 0
  /// Whether the process is about to end, and takes no break any more.
  var isLeaving = false
  private var marks: [MarkID: CheckedContinuation<Void, Never>] = [:]
  private var lastMark: UInt64 = 0

  init(mailbox: WorkerMailbox, main: LocalThread) {
    self.mailbox = mailbox
    self.main = main
  }

  /// Messages have come together.
  func take(_ mail: MailBundle) { mailbox.add(mail) }

  /// - Returns: a break that is not for the process: it goes back, to whom it belongs.
  /// - Throws: a sentence about what makes no sense in the frame.
  func obey(_ frame: Frame) throws -> HeddleModel.BreakKind? {
    switch frame.header.kind {
    case .mail: mailbox.add(MailBundle(frame))
    case .mailEnd: mailbox.end(.end)
    case .break:
      let kind = try HeddleModel.BreakKind(decoding: frame.body)
      if nestedCount > 0 || isLeaving { return kind }
      main.breakFromOutside(kind.local)
    case .mark: marks.removeValue(forKey: MarkID(rawValue: frame.header.id))?.resume()
    default: preconditionFailure("\(frame.header.kind) is no frame for workers")
    }
    return nil
  }

  /// A new mark, whose return lets `task` go on.
  func mark(for task: CheckedContinuation<Void, Never>) -> MarkID {
    lastMark += 1
    let mark = MarkID(rawValue: lastMark)
    marks[mark] = task
    return mark
  }

  func fail(with error: ClientError) {
    mailbox.end(.failure(error))
    for mark in marks.keys.sorted() { marks.removeValue(forKey: mark)?.resume() }
  }
}
