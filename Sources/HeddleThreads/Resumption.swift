/// The right to let one suspended function go on, which has to be used exactly once.
///
/// Unchecked, since a wait costs less than a check would; each owner says where the one use is.
@safe struct Resumption<Value: Sendable>: Sendable {
  private let continuation: UnsafeContinuation<Value, Never>

  /// Suspends the calling function until `body`'s argument is used, and gives what it is used with.
  @inline(__always)
  static func suspend(_ body: (Resumption) -> Void) async -> Value {
    await unsafe withUnsafeContinuation { unsafe body(Resumption(continuation: $0)) }
  }

  func callAsFunction(_ value: Value) { unsafe continuation.resume(returning: value) }
}

extension Resumption where Value == Void {
  func callAsFunction() { self(()) }
}
