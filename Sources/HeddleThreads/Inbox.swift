internal import HeddleModel
internal import Synchronization

/// One thread's mail, from its creation to its end.
///
/// Most mail comes to a thread that is busy, or that waits for mail and nothing else. Then it concerns the sender and the
/// receiver alone, and the model is not asked: it counts no mail of the thread. A step about the mail hands it over to the
/// model, which counts it and says who gets it for as long as a wait of the model is for it.
final class Inbox: Sendable {
  /// Who says what becomes of a message.
  private enum Keeper {
    /// The thread. The task that waits for mail is its own one; nil while it does not.
    case thread(Resumption<Void>?)
    /// The model.
    case model
    /// The thread has ended, and takes no more.
    case nobody
  }

  private struct State {
    var keeper = Keeper.thread(nil)
    var mailbox: Mailbox<any Sendable>

    /// The task that waits, which is about to go on.
    mutating func takeAwaiting() -> Resumption<Void>? {
      guard case .thread(let awaiting?) = keeper else { return nil }
      keeper = .thread(nil)
      return awaiting
    }
  }

  /// What was found in an inbox.
  enum Finding {
    case message(any Sendable)
    case nothing
    /// The model has to be asked.
    case unknown
  }

  private let state: Mutex<State>

  init(bounds: MailboxBounds) { state = Mutex(State(mailbox: Mailbox(bounds: bounds))) }

  // MARK: - For threads, at a safe point that they have passed in this turn

  /// Queues `message`, and lets the thread go on if it waits; asks nobody whether it is suspended.
  ///
  /// - Returns: false when nothing was done, since the model has to be asked.
  func send(_ message: any Sendable) throws(MailRefusal) -> Bool {
    let (isQueued, awaiting) = try state.withLock { (state) throws(MailRefusal) -> (Bool, Resumption<Void>?) in
      guard case .thread = state.keeper else { return (false, nil) }
      try state.mailbox.send(message, size: 1)
      return (true, state.takeAwaiting())
    }
    awaiting?()
    return isQueued
  }

  /// Takes the first message.
  func receive() -> Finding {
    state.withLock { state in
      guard case .thread = state.keeper else { return .unknown }
      return state.mailbox.receive().map(Finding.message) ?? .nothing
    }
  }

  /// Returns when there may be mail, or something else to look after. Called by the thread's own task.
  ///
  /// - Parameter hasNews: whether there is something else already. What is said to be new first, and then by `nudge`, is
  ///   never missed.
  func arrival(unless hasNews: () -> Bool) async {
    await Resumption<Void>.suspend { resumption in
      let waits = state.withLock { state in
        guard case .thread(nil) = state.keeper, state.mailbox.isEmpty, !hasNews() else { return false }
        state.keeper = .thread(resumption)
        return true
      }
      if !waits { resumption() }
    }
  }

  /// Lets the thread go on if it waits for mail, since there is something else to look after.
  func nudge() { state.withLock { $0.takeAwaiting() }?() }

  // MARK: - For the world, inside its lock

  /// Hands the mail over to the model, unless it has it or there will be none.
  ///
  /// - Returns: how many messages the model is to be told of, and the task to let go on, which then asks the model as well.
  func handOver() -> (count: Int, awaiting: Resumption<Void>?) {
    state.withLock { state in
      guard case .thread(let awaiting) = state.keeper else { return (0, nil) }
      state.keeper = .model
      return (state.mailbox.count, awaiting)
    }
  }

  /// Takes the mail back from the model.
  ///
  /// - Returns: how many messages the model is not to count any more.
  func takeBack() -> Int {
    state.withLock { state in
      guard case .model = state.keeper else { return 0 }
      state.keeper = .thread(nil)
      return state.mailbox.count
    }
  }

  /// Queues a message that the model lets in.
  func queue(_ message: any Sendable) throws(MailRefusal) {
    try state.withLock { (state) throws(MailRefusal) in try state.mailbox.send(message, size: 1) }
  }

  /// Pushes messages back, as the model lets do.
  func rewind(_ messages: [any Sendable]) { state.withLock { $0.mailbox.rewind(messages.lazy.map { ($0, 1) }) } }

  /// Takes the message that the model has given away.
  func take() -> (any Sendable)? { state.withLock { $0.mailbox.receive() } }

  /// The thread has ended, or is to.
  ///
  /// - Returns: what is left, to be freed outside of the lock, and the task to let go on.
  func end() -> (mail: Mailbox<any Sendable>, awaiting: Resumption<Void>?) {
    state.withLock { state in
      let awaiting = state.takeAwaiting()
      state.keeper = .nobody
      return (exchange(&state.mailbox, with: Mailbox(bounds: state.mailbox.bounds)), awaiting)
    }
  }
}
