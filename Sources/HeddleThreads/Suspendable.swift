/// What can be stopped, let go on, and ended by others: a thread of this process, or one that is a process somewhere. It is
/// all that a `Coroutine` needs to give slices of time to something that it did not start.
public protocol Suspendable: Sendable {
  /// What `death` gives.
  associatedtype Death: Event

  /// Stops it until it is resumed; no effect when it is suspended or dead. Returns when nothing of it executes any more.
  ///
  /// A cancelled task that calls it has it carried out as well: a coroutine's runner that is cancelled stops it first.
  func suspend() async throws

  /// Lets it go on; no effect when it runs or is dead. May return before it does.
  func resume() async throws

  /// Ends it, running or suspended; no effect when it is dead.
  func kill() async throws

  /// Ready when it can never act again, however it ended.
  var death: Death { get }
}

extension LocalThread: Suspendable {
  /// Lets a suspended thread go on if it has a custodian. As `resume(benefactor:)` without one.
  public func resume() async throws { try await resume(benefactor: nil) }
}
