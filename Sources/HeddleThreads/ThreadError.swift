internal import HeddleModel

/// Why an operation on threads was not carried out. Nothing has changed then.
public struct ThreadError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was wrong; stable, so a program may depend on it.
  public enum Code: String, Hashable, Sendable, CaseIterable {
    /// The thread is dead, and the operation needs one that is not.
    case threadDead
    /// The thread is suspended, and the caller asked not to queue mail for such a one.
    case threadSuspended
    /// The mailbox has as much mail as it takes.
    case mailboxFull
    /// The custodian is shut down, and manages nothing new.
    case custodianShutDown
    /// Some custodian of the thread is neither the caller's current one nor below it.
    case notAuthorized
    /// The caller's current custodian is not above the one whose members it asked for.
    case notAbove
    /// The operation is one of a thread's own, and the caller is in none.
    case notInThread
    /// The thread is the one that stands for code outside of any; it can be neither stopped nor broken.
    case ungated
    /// The nested thread was killed, or its value was lost with it.
    case nestedThreadKilled
    /// The thread has a nested thread already.
    case alreadyNesting
    /// The coroutine is being run already.
    case alreadyRunning
    /// A coroutine cannot run itself.
    case runsItself
    /// A duration is negative.
    case negativeDuration
    /// A limit is negative.
    case negativeLimit
    /// The thread was killed, and has not come to a safe point in the time given; it ends when it does.
    case noSafePoint
    /// What is left of a killed thread did not unwind, and stays allocated.
    case abandoned
  }

  /// What was wrong.
  public let code: Code
  /// What was attempted, on what, and what can be done.
  public let description: String

  package init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }

  init(_ refusal: Refusal) {
    switch refusal {
    case .noSuchThread(let id), .threadGone(let id), .threadDead(let id):
      self.init(.threadDead, "thread \(id) is dead: it takes no mail and waits for nothing; start another")
    case .threadSuspended(let id):
      self.init(
        .threadSuspended,
        "mail for thread \(id) was not to queue while it is suspended; resume it, or let the message queue"
      )
    case .noSuchCustodian(let id), .custodianShutDown(let id):
      self.init(
        .custodianShutDown,
        "nothing can be made under custodian \(id), which is shut down; make it under another"
      )
    case .notAuthorised(let thread, let manager, let caller):
      self.init(
        .notAuthorized,
        "thread \(thread) can be suspended or killed only by who is above all that manage it: custodian \(manager) does, and "
          + "is not at or below the current one, \(caller); make one above it current"
      )
    case .notAbove(let custodian, let caller):
      self.init(
        .notAbove,
        "the members of custodian \(custodian) are shown to one above it, which the current one, \(caller), is not; make "
          + "one above it current"
      )
    case .mail(let thread, _):
      self.init(
        .mailboxFull,
        "the message was not queued, since the mailbox of thread \(thread) is full; send it again when it has received"
      )
    case .alreadyNesting(let thread):
      self.init(
        .alreadyNesting,
        "thread \(thread) cannot have another nested thread, since it waits for one; let its child tasks take turns"
      )
    case .notInThread:
      self.init(.notInThread, "mail is received inside a thread; start one with LocalThread or LocalThread.runMain")
    case .noSuchSemaphore, .noSuchChannel, .noSuchNack:
      preconditionFailure("events hold what they wait for: \(refusal)")
    }
  }

  static func negativeMailLimit(_ limit: Int) -> ThreadError {
    let sentence = "no thread can be made whose mailbox holds up to \(limit) messages"
    return ThreadError(.negativeLimit, sentence + "; give zero or more, or nil for no limit")
  }

  static func noSafePoint(_ id: ThreadID, _ limit: Duration) -> ThreadError {
    let sentence = "thread \(id) was killed and has reached no safe point for \(limit); it ends at its next one"
    return ThreadError(.noSafePoint, sentence + ". Have it call LocalThread.checkpoint(), or run it as a process")
  }

  static func ended(_ id: ThreadID) -> ThreadError {
    let sentence = "thread \(id) has ended, and nothing can be done as it any more"
    return ThreadError(.threadDead, sentence + "; give what outlives it a thread of its own in place of a Task")
  }

  static func ungated(_ attempt: String) -> ThreadError {
    ThreadError(
      .ungated,
      "the code outside of any thread cannot be \(attempt); LocalThread.runMain gives the program a main thread that can"
    )
  }
}

/// Thrown out of every operation of a thread that was killed, so that it leaves. What catches it delays only the end of
/// its own memory: the thread is dead.
public struct Killed: Error, Hashable, Sendable, CustomStringConvertible {
  public var description: String { "the thread was killed" }
  init() {}
}
