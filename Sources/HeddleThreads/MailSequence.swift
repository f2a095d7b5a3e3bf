extension LocalThread {
  /// The mail of the thread that iterates over it, as it comes: `receive()` in a loop.
  ///
  /// ```swift
  /// for try await message in LocalThread.messages { print(message) }
  /// ```
  public static var messages: MailSequence { MailSequence() }
}

/// The mail of the thread that iterates over it, oldest first. It does not end; the loop is left by `break`, or by what
/// `LocalThread.receive()` throws: `ThreadError` with `notInThread`, `CancellationError`, `BreakError` and `Killed`. No
/// message is lost by that.
///
/// A value without anything in it: each step takes one message, and what is left in the mailbox stays there.
public struct MailSequence: AsyncSequence, Sendable {
  public typealias Element = any Sendable
  public typealias Failure = any Error

  public struct AsyncIterator: AsyncIteratorProtocol {
    /// The next message; never nil.
    public func next() async throws -> (any Sendable)? { try await LocalThread.receive() }

    /// The next message; never nil.
    public func next(isolation: isolated (any Actor)?) async throws -> (any Sendable)? {
      try await LocalThread.receive()
    }
  }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator() }
}
