/// A value that each thread has for itself: a new thread starts with its creator's, and what it changes later is seen by
/// itself and by the threads that it creates meanwhile. Racket: `make-parameter`, `parameterize`.
///
/// It is a task-local value, so child tasks and unstructured tasks see it as well.
public final class Parameter<Value: Sendable>: Sendable {
  /// Keeps the parameter for as long as it is bound: a task-local value is found by the address of its key.
  private struct Binding: Sendable {
    let parameter: Parameter
    let value: Value
  }

  private let binding = TaskLocal<Binding?>(wrappedValue: nil)
  private let initial: @Sendable () -> Value

  /// A parameter that has `initial` where no other value is bound; computed each time.
  public init(_ initial: @autoclosure @escaping @Sendable () -> Value) { self.initial = initial }

  /// The calling thread's value.
  public var value: Value { binding.get()?.value ?? initial() }

  /// Performs `operation` with another value.
  public func withValue<Result>(
    _ value: Value,
    isolation: isolated (any Actor)? = #isolation,
    operation: () async throws -> Result
  ) async rethrows -> Result {
    try await binding.withValue(Binding(parameter: self, value: value), operation: operation)
  }
}
