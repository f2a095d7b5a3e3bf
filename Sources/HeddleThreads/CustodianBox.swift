internal import Synchronization

/// Holds a value until a custodian is shut down. As an event it is ready from then on. Racket: `make-custodian-box`.
///
/// The custodian does not hold the box.
public final class CustodianBox<Value: Sendable>: Event {
  private let custodian: Custodian
  private let content: Content<Value>
  private let registration: Custodian.Registration

  /// A box that holds `value` until `custodian` is shut down.
  ///
  /// - Throws: `ThreadError` with `custodianShutDown`.
  public init(_ value: Value, in custodian: Custodian = Custodian.current.value) async throws {
    self.custodian = custodian
    let content = Content(value)
    self.content = content
    registration = try await custodian.onShutdown { content.clear() }
  }

  deinit { registration.cancel() }

  /// The value; nil from the custodian's shutdown on. Racket: `custodian-box-value`.
  public var value: Value? { custodian.isShutDown ? nil : content.value }

  public var erased: AnyEvent<CustodianBox> { custodian.shutdown.wrap { [self] _ in self } }
}

/// A value that can be taken away.
private final class Content<Value: Sendable>: Sendable {
  private let content: Mutex<Value?>

  init(_ value: Value) { content = Mutex(value) }

  var value: Value? { content.withLock(\.self) }

  func clear() {
    // Freed outside of the lock.
    _ = content.withLock { content in
      defer { content = nil }
      return content
    }
  }
}
