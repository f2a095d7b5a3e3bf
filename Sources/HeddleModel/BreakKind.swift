/// What a break asks for, weakest first. Racket: the `kind` of `break-thread`, and `exn:break`, `exn:break:hang-up`,
/// `exn:break:terminate` (the kinds come from later manuals; 4.2.1 has only the first).
package enum BreakKind: UInt8, Comparable, Hashable, Codable, Sendable, CaseIterable {
  /// The user's interrupt, as Ctrl-C gives it.
  case interrupt = 1
  /// The controlling party has gone.
  case hangUp = 2
  /// A polite request to end.
  case terminate = 3

  /// The signal that is this break for a plain program, by its number in signal(7), the same on every Linux.
  package var signal: Int32 {
    switch self {
    case .hangUp: 1
    case .interrupt: 2
    case .terminate: 15
    }
  }

  package static func < (left: BreakKind, right: BreakKind) -> Bool { left.rawValue < right.rawValue }
}
