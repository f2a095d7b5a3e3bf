/// What one thread knows of breaks: whether it lets them in, and the one that waits.
package struct BreakState: Equatable, Codable, Sendable {
  /// Whether a break may be raised at the thread's next safe point. Racket: `break-enabled`.
  package var areEnabled: Bool
  /// At most one break waits (BR-04).
  package private(set) var pending: BreakKind?

  package init(areEnabled: Bool) { self.areEnabled = areEnabled }

  /// Keeps a break; of two, the stronger is kept (BR-06).
  package mutating func register(_ kind: BreakKind) { pending = max(pending ?? kind, kind) }

  /// The waiting break, which no longer waits then; nil when there is none.
  package mutating func take() -> BreakKind? {
    defer { pending = nil }
    return pending
  }
}
