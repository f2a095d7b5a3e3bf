internal import HeddleModel

/// A break, thrown in the thread that it was sent to. Racket: `exn:break` and its kinds.
public struct BreakError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The strongest of the breaks that were sent since the last one was thrown.
  public let kind: BreakKind
  public var description: String { "the thread was broken (\(kind.rawValue))" }

  package init(_ kind: BreakKind) { self.kind = kind }
}

/// What a break asks for; of two that wait, the stronger stays.
public enum BreakKind: String, Hashable, Comparable, Sendable, CaseIterable {
  /// The user's interrupt, as Ctrl-C gives it. The weakest.
  case interrupt
  /// The controlling party has gone.
  case hangUp
  /// A polite request to end. The strongest.
  case terminate

  /// Whether `left` is the weaker.
  public static func < (left: BreakKind, right: BreakKind) -> Bool { left.model < right.model }

  var model: HeddleModel.BreakKind {
    switch self {
    case .interrupt: .interrupt
    case .hangUp: .hangUp
    case .terminate: .terminate
    }
  }

  init(_ kind: HeddleModel.BreakKind) {
    switch kind {
    case .interrupt: self = .interrupt
    case .hangUp: self = .hangUp
    case .terminate: self = .terminate
    }
  }
}

/// Whether a thread lets breaks in. Racket: `break-enabled`.
public enum BreakSetting: Hashable, Sendable {
  /// A break is thrown at the next safe point.
  case enabled
  /// A break waits until breaks are enabled.
  case disabled
}
