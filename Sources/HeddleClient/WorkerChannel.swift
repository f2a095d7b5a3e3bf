internal import HeddleModel
internal import HeddleThreads
internal import HeddleWire

/// What a connection brings only a worker: its mail, its breaks, and its marks. Confined to the connection's loop.
final class WorkerChannel {
  private let mailbox: WorkerMailbox
  /// The process's main thread, to which breaks go.
  private let main: LocalThread
  private var marks: [MarkID: CheckedContinuation<Void, Never>] = [:]
  private var lastMark: UInt64 = 0

  init(mailbox: WorkerMailbox, main: LocalThread) {
    self.mailbox = mailbox
    self.main = main
  }

  /// - Throws: a sentence about what makes no sense in the frame.
  func obey(_ frame: Frame) throws {
    switch frame.header.kind {
    case .mail: mailbox.add(frame.body)
    case .mailEnd: mailbox.end(.end)
    case .break: main.breakFromOutside(try BreakKind(decoding: frame.body).local)
    case .mark: marks.removeValue(forKey: MarkID(rawValue: frame.header.id))?.resume()
    default: preconditionFailure("\(frame.header.kind) is no frame for workers")
    }
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
