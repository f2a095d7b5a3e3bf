internal import Glibc
internal import HeddleClient

/// The colours of text for people; ECMA-48, "Select graphic rendition".
struct Palette: Equatable {
  enum Tone: String {
    case good = "32"
    case waiting = "33"
    case bad = "31"
    case faint = "2"
  }

  let isColoured: Bool

  static let plain = Palette(isColoured: false)

  /// Coloured on a terminal, unless `$NO_COLOR` (https://no-color.org) is set or `$TERM` is dumb; elsewhere where
  /// `$FORCE_COLOR` or `$CLICOLOR_FORCE` is.
  static var ofStandardOutput: Palette {
    Palette(isTerminal: isatty(STDOUT_FILENO) == 1, variable: Environment.value)
  }

  init(isColoured: Bool) { self.isColoured = isColoured }

  /// - Parameter variable: the value of an environment variable, nil if it is not set or empty.
  init(isTerminal: Bool, variable: (String) -> String?) {
    let isForced = [variable("FORCE_COLOR"), variable("CLICOLOR_FORCE")].contains { $0.map { $0 != "0" } ?? false }
    let isForbidden = variable("NO_COLOR") != nil || (variable("TERM") == "dumb" && !isForced)
    isColoured = !isForbidden && (isTerminal || isForced)
  }

  /// `text` in a tone, as wide as before.
  func paint(_ text: String, _ tone: Tone?) -> String {
    guard isColoured, let tone else { return text }
    return "\u{1B}[\(tone.rawValue)m\(text)\u{1B}[0m"
  }
}
