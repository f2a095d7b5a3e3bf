internal import HeddleLoop
internal import HeddleModel
internal import HeddleWire
internal import Synchronization

/// A shutdown under way: what it tells, line by line if that is wanted, and below it what is waited for.
final class ShutdownProgress: Sendable {
  private let words: ShutdownWords
  private let output: OutputOptions
  private let isFollowed: Bool
  private let progress: Progress
  private let waiting = Mutex<Waiting?>(nil)

  /// - Parameter isFollowed: whether each change of state is printed.
  init(of custodian: CustodianReference, isFollowed: Bool, _ output: OutputOptions) {
    words = ShutdownWords(custodian)
    self.output = output
    self.isFollowed = isFollowed && !output.quiet
    progress = Progress(isWanted: !output.quiet && !output.json)
  }

  /// Waits for what a shutdown comes to, which `body` begins.
  func during(_ body: () async throws -> ShutdownReport) async throws -> ShutdownReport {
    try await progress.during({ self.waiting.withLock { $0?.text(at: EventLoop.now) } }) {
      try await body()
    }
  }

  /// Something has become of it.
  func tell(_ notice: Notice) {
    note(notice)
    guard isFollowed else { return }
    if output.json {
      Output.write(WireJSON.text(notice) + "\n")
    } else {
      progress.write(words.lines(about: notice).map { $0 + "\n" }.joined())
    }
  }

  private func note(_ notice: Notice) {
    let now = EventLoop.now
    waiting.withLock { waiting in
      switch notice {
      case .grace(.asked, let threads, let left):
        waiting = Waiting(for: threads.map(\.label), from: now, grace: left)
      case .grace(.terminated, _, _): waiting?.enter(.terminated, at: now)
      case .grace(.over, _, _): waiting?.enter(.killed, at: now)
      case .threadEnded(let thread, _, _), .threadDead(let thread, _, _):
        waiting?.names.removeAll { $0 == thread.label }
      case .leftSuspended, .started: break
      }
    }
  }
}
