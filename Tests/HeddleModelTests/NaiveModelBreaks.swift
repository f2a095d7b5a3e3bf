import heddle_replay

extension NaiveModel {
  /// Breaking a dead thread does nothing, whatever is nested in it.
  func sendBreak(_ kind: BreakKind, to thread: NaiveThread) -> Outcome {
    if thread.state != .dead { deliver(kind, to: thread) }
    return .void
  }

  /// Gives the break to the innermost living one of `thread` and all nested in it (TH-22, TH-25); to none, if all are
  /// dead (BR-02).
  func deliver(_ kind: BreakKind, to thread: NaiveThread) {
    guard let innermost = nest(of: thread).last(where: { $0.state != .dead }) else { return }
    innermost.pendingBreak = max(kind, innermost.pendingBreak ?? kind)
    if innermost.state == .running { breakWait(of: innermost) }
  }

  /// The thread, the one nested in it, the one nested in that, and so on.
  private func nest(of thread: NaiveThread) -> [NaiveThread] {
    [thread] + (thread.nested.map { nest(of: $0) } ?? [])
  }

  /// Ends the thread's wait when a pending break is to be let in.
  ///
  /// It is raised at once (BR-01), so that a later one is another.
  func breakWait(of thread: NaiveThread) {
    guard case .waiting(let wait) = thread.activity, let kind = thread.pendingBreak else { return }
    guard thread.breaksEnabled || wait.enablesBreaks else { return }
    withdrawWait(of: thread)
    thread.pendingBreak = nil
    thread.activity = .answered(.broken(kind))
  }

  /// The thread is done: its creator goes on, or, if that is dead, whoever waits for it in turn (TH-25).
  ///
  /// A break that is left over goes with it (TH-27).
  func finishNesting(of thread: NaiveThread, _ outcome: NestedOutcome) {
    guard let creator = thread.creator, creator.nested === thread else { return }
    creator.nested = nil
    if let leftover = thread.pendingBreak { creator.pendingBreak = max(leftover, creator.pendingBreak ?? leftover) }
    if creator.state != .dead {
      creator.activity = .answered(.nested(outcome))
    } else if creator.hasEnded {
      finishNesting(of: creator, .failed)
    }
  }

  /// The creator's pending break moves to the nested thread (TH-23).
  func nest(_ name: ThreadName, under custodian: NaiveCustodian, in creator: NaiveThread) {
    guard !custodian.isDown else { return report(.error(.contract), by: creator) }
    let nested = NaiveThread(
      name,
      current: creator.current,
      breaksEnabled: creator.breaksEnabled,
      creator: creator
    )
    nested.pendingBreak = creator.pendingBreak
    creator.pendingBreak = nil
    creator.nested = nested
    creator.activity = .nesting
    add(nested)
    add(custodian, toManagersOf: nested)
  }
}
