internal import HeddleModel

// A supervisor that was started because a client needed one leaves when nobody has needed it for a while.

/// Whether, and when, a supervisor leaves by itself.
struct Idleness: Equatable, Sendable {
  /// How long it stays when nobody uses it.
  let patience: Duration
  /// When that began; nil while it is used, as far as was looked.
  var since: Instant?
}

extension Node {
  /// A client has started this supervisor, since it needed one: it leaves when it was not used for so long.
  package mutating func startedByClient(leavingAfter patience: Duration) { idleness = Idleness(patience: patience) }

  /// Whether nothing would be missed: there is no living thread, no client, and no custodian but the usual ones.
  private var isUnused: Bool {
    connections.count == 0 && kernel.threads.count == deadCount && ending == .no && !custodians.hasUsers
  }

  /// When it leaves if nobody uses it until then; nil while it is used, and for one that does not leave by itself.
  var leaving: Instant? {
    guard let idleness, isUnused else { return nil }
    return (idleness.since ?? now) + idleness.patience
  }

  /// Time is about to go on from `now` to `instant`, and nothing has happened in between.
  mutating func noteUse(until instant: Instant, effects: inout Effects) {
    guard let leaving else {
      idleness?.since = nil
      return
    }
    if idleness?.since == nil { idleness?.since = now }
    guard leaving <= instant else { return }
    effects.append(.log("nobody has used this daemon for \(idleness?.patience ?? .zero): it leaves"))
    shutDownRoot(effects: &effects)
  }
}
