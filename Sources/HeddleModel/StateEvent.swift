/// A synchronizable change in a thread's life, as a value: equality is identity, so "a fresh event after each suspend"
/// is arithmetic, and a client can hold one across a reconnection.
///
/// State events are level-triggered: once ready they stay ready, and taking one consumes nothing.
/// Racket: `thread-dead-evt`, `thread-suspend-evt`, `thread-resume-evt`.
package struct StateEvent: Hashable, Codable, Sendable {
  package enum Kind: UInt8, Hashable, Codable, Sendable, CaseIterable {
    /// Ready when the thread can never act again.
    case death = 1
    /// Ready when the suspension of this generation was observed.
    case suspension = 2
    /// Ready when the thread runs, or ran, in this generation.
    case resumption = 3
  }

  package let thread: ThreadID
  package let kind: Kind
  /// Which suspension or resumption, counted from the thread's creation (which is resumption 0); 0 for a death.
  package let generation: UInt64

  package init(thread: ThreadID, kind: Kind, generation: UInt64) {
    self.thread = thread
    self.kind = kind
    self.generation = generation
  }

  /// The generation that never comes: what a dead thread's suspension and resumption events have (ST-14, ST-20).
  package static let never = UInt64.max
}
