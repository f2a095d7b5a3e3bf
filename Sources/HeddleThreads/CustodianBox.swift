internal import Synchronization

/// Holds a value until a custodian is shut down. As an event it is ready from then on. Racket: `make-custodian-box`.
public final class CustodianBox<Value: Sendable>: Event {
  private let custodian: Custodian
  private let content: Mutex<Value?>

  /// A box that holds `value` until `custodian` is shut down.
  ///
  /// - Throws: `ThreadError` with `custodianShutDown`.
  public init(_ value: Value, in custodian: Custodian = Custodian.current.value) async throws {
    self.custodian = custodian
    content = Mutex(value)
    // The registration ends with the custodian; the box may go before.
    _ = try await custodian.onShutdown { [weak self] in self?.empty() }
  }

  /// The value; nil from the custodian's shutdown on. Racket: `custodian-box-value`.
  public var value: Value? { custodian.isShutDown ? nil : content.withLock(\.self) }

  public var erased: AnyEvent<CustodianBox> { custodian.shutdown.wrap { [self] _ in self } }

  private func empty() {
    // Freed outside of the lock.
    _ = content.withLock { content in
      defer { content = nil }
      return content
    }
  }
}
