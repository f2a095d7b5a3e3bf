internal import ArgumentParser
internal import HeddleModel

/// How much mail a mailbox takes, as `--mailbox` has it: "1024,8MiB", "1024", "8MiB", "unlimited,64KiB".
struct MailboxArgument: ExpressibleByArgument, Equatable {
  /// A part that is left out is as usual.
  let bounds: MailboxBounds

  private static let units: [(suffix: String, bytes: Int)] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)]

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    guard parts.count <= 2, let first = parts.first, !argument.isEmpty, argument != "," else { return nil }
    var bounds = MailboxBounds.supervised
    if parts.count == 1, let bytes = Self.bytes(first) {
      bounds.bytesMax = bytes
    } else if parts.count == 1, first == Self.unlimited {
      bounds = .unbounded
    } else {
      guard let messages = Self.bound(first, usual: bounds.messagesMax, { Int($0) }) else { return nil }
      guard let bytes = Self.bound(parts.dropFirst().first ?? "", usual: bounds.bytesMax, Self.bytes) else {
        return nil
      }
      bounds = MailboxBounds(messagesMax: messages, bytesMax: bytes)
    }
    guard bounds.messagesMax ?? 1 > 0, bounds.bytesMax ?? 1 > 0 else { return nil }
    self.bounds = bounds
  }

  /// The same, but says what is wrong.
  static func parse(_ text: String) throws -> MailboxArgument {
    if let mailbox = MailboxArgument(argument: text) { return mailbox }
    throw ValidationError(
      "'\(text)' bounds no mailbox: give a number of messages, a size with KiB, MiB or GiB, or both with a comma between "
        + "them, each above 0 or unlimited, as in 1024,8MiB."
    )
  }

  private static let unlimited = "unlimited"

  /// - Returns: nil for what is no bound; nil in it for none at all.
  private static func bound(_ text: Substring, usual: Int?, _ number: (Substring) -> Int?) -> Int?? {
    if text.isEmpty { return .some(usual) }
    if text == unlimited { return .some(nil) }
    return number(text).map { .some($0) }
  }

  /// "64KiB": the unit has to be there, so that a size is told from a count.
  private static func bytes(_ text: Substring) -> Int? {
    guard let unit = units.first(where: { text.hasSuffix($0.suffix) }),
      let count = Int(text.dropLast(unit.suffix.count))
    else { return nil }
    let (bytes, isTooMuch) = count.multipliedReportingOverflow(by: unit.bytes)
    return isTooMuch ? nil : bytes
  }
}
