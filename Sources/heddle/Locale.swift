internal import HeddleClient

extension Environment {
  /// Whether text for people may be UTF-8; locale(7).
  static var isUTF8: Bool {
    let locale = value("LC_ALL") ?? value("LC_CTYPE") ?? value("LANG") ?? ""
    let codeset = locale.uppercased()
    return codeset.contains("UTF-8") || codeset.contains("UTF8")
  }
}
