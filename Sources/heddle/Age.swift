/// Durations, for people.
extension Duration {
  /// Whole seconds, minutes, hours or days, whichever is the largest unit of which there is one: "9s", "3h".
  var age: String {
    let seconds = max(components.seconds, 0)
    switch seconds {
    case ..<60: return "\(seconds)s"
    case ..<3_600: return "\(seconds / 60)m"
    case ..<86_400: return "\(seconds / 3_600)h"
    default: return "\(seconds / 86_400)d"
    }
  }

  /// How long something took: "4 ms" below a second, "1.2 s" below ten, then as `age`.
  var took: String {
    let milliseconds = max(self / .milliseconds(1), 0)
    switch milliseconds {
    case ..<1_000: return "\(Int(milliseconds)) ms"
    case ..<10_000: return "\(Int(milliseconds / 1_000)).\(Int(milliseconds / 100) % 10) s"
    default: return age
    }
  }
}
