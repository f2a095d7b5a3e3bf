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
    /// What is left of a killed thread did not unwind, and stays allocated.
    case abandoned
  }

  /// What was wrong.
  public let code: Code
  /// What was attempted, on what, and what can be done.
  public let description: String

  init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }

  init(_ refusal: Refusal) {
    switch refusal {
    case .noSuchThread(let id), .threadGone(let id), .threadDead(let id):
      self.init(.threadDead, "thread \(id) is dead and takes nothing any more")
    case .threadSuspended(let id):
      self.init(.threadSuspended, "thread \(id) is suspended; resume it, or let the message queue")
    case .noSuchCustodian(let id), .custodianShutDown(let id):
      self.init(.custodianShutDown, "custodian \(id) is shut down and manages nothing new; use another")
    case .notAuthorised(let thread, let manager, let caller):
      self.init(
        .notAuthorized,
        "thread \(thread) is managed by custodian \(manager), which is not at or below your current one, \(caller)"
      )
    case .notAbove(let custodian, let caller):
      self.init(.notAbove, "the members of custodian \(custodian) are shown to one above it, which \(caller) is not")
    case .mail(let thread, _):
      self.init(.mailboxFull, "the mailbox of thread \(thread) is full; send again when it has received")
    case .alreadyNesting(let thread):
      self.init(.alreadyNesting, "thread \(thread) waits for a nested thread already; it has one at a time")
    case .notInThread:
      self.init(.notInThread, "mail is received inside a thread; start one with LocalThread or LocalThread.runMain")
    case .noSuchSemaphore, .noSuchChannel, .noSuchNack:
      preconditionFailure("events hold what they wait for: \(refusal)")
    }
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
