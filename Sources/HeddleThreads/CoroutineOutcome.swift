internal import Synchronization

/// What a coroutine's body gave or threw; nothing while it has not ended.
final class CoroutineOutcome<Value: Sendable>: Sendable {
  private let result: Mutex<Result<Value, any Error>?>

  init() { result = Mutex(nil) }

  init(_ value: Value) { result = Mutex(.success(value)) }

  /// Performs `body`, and keeps what it gives or throws.
  func keep(_ body: () async throws -> Value) async {
    let outcome: Result<Value, any Error>
    do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
    result.withLock { $0 = outcome }
  }

  /// nil when the body threw, too.
  var value: Value? { try? result.withLock(\.self)?.get() }

  /// - Throws: what the body threw.
  func check() throws { _ = try result.withLock(\.self)?.get() }
}
