/// What a break asks for, weakest first. Racket: the `kind` of `break-thread`, and `exn:break`, `exn:break:hang-up`,
/// `exn:break:terminate` (the kinds come from later manuals; 4.2.1 has only the first).
package enum BreakKind: UInt8, Comparable, Hashable, Codable, Sendable, CaseIterable {
  /// The user's interrupt, as Ctrl-C gives it.
  case interrupt = 1
  /// The controlling party has gone.
  case hangUp = 2
  /// A polite request to end.
  case terminate = 3

  package static func < (left: BreakKind, right: BreakKind) -> Bool { left.rawValue < right.rawValue }
}
