internal import HeddleModel
internal import Synchronization

/// An event that somebody makes ready, once, by giving it its value: the way in for what happens outside of any thread,
/// such as a callback of another library. After Concurrent ML's I-variables; the original has no such thing.
///
/// ```swift
/// let answer = Promise<String>()
/// service.whenAnswered { answer.fulfill($0) }
/// let text = try await sync(answer, after(.seconds(5)).wrap { "no answer" })
/// ```
///
/// As an event it is ready from then on, for all who wait; it gives the value, and keeps it.
public final class Promise<Value: Sendable>: Event {
  private let kept = Mutex<Value?>(nil)
  private let isKept = Semaphore(0)

  public init() {}

  /// Makes the event ready with `value`. It can be called anywhere, and waits for nothing. No effect when the promise has
  /// its value already, or when a thread calls it that was killed.
  ///
  /// - Returns: whether this was the call that had the effect.
  @discardableResult
  public func fulfill(_ value: Value) -> Bool { isKept.postOnce { kept.withLock { $0 = value } } }

  /// As `fulfill(_:)`, also when a killed thread calls it: for what is said on behalf of others.
  @discardableResult
  package func fulfillInNobodysName(_ value: Value) -> Bool {
    isKept.postOnce(inNobodysName: true) { kept.withLock { $0 = value } }
  }

  /// Returns when it has its value. As `sync` of it, and throws the same.
  package func wait() async throws { try await isKept.waitUntilPositive() }

  /// What it was given; nil before that.
  public var value: Value? { kept.withLock(\.self) }

  public var erased: AnyEvent<Value> {
    isKept.peek.wrap { [self] _ in
      guard let value else { preconditionFailure("a promise is ready when it has its value") }
      return value
    }
  }
}
