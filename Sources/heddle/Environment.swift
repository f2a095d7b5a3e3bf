internal import Glibc

/// The environment of this process.
enum Environment {
  /// The value of a variable; nil if it is not set or empty.
  static func value(_ name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    let text = unsafe String(cString: value)
    return text.isEmpty ? nil : text
  }

  /// Whether text for people may be UTF-8; locale(7).
  static var isUTF8: Bool {
    let locale = value("LC_ALL") ?? value("LC_CTYPE") ?? value("LANG") ?? ""
    let codeset = locale.uppercased()
    return codeset.contains("UTF-8") || codeset.contains("UTF8")
  }
}
