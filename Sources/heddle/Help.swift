internal import ArgumentParser
internal import HeddleClient

/// What is printed of the verbs' help, and about words that are none of theirs.
enum Help {
  /// A verb's help in so many columns. Its examples, which are the discussion's first lines, are never broken, so that they can
  /// be copied.
  static func text(of verb: any ParsableCommand.Type, columns: Int) -> String {
    let help = Heddle.helpMessage(for: verb, columns: columns)
    let configuration = verb.configuration
    guard !configuration.discussion.isEmpty, let usage = help.firstRange(of: "\n\nUSAGE: ") else { return help }
    let lines = configuration.discussion.split(separator: "\n", omittingEmptySubsequences: false)
    let examples = lines.prefix { !$0.isEmpty }
    let rest = lines.dropFirst(examples.count).flatMap { wrapped($0, columns: columns) }
    let overview = wrapped("OVERVIEW: \(configuration.abstract)", columns: columns) + [""] + examples + rest
    return overview.joined(separator: "\n") + help[usage.lowerBound...]
  }

  /// The same help with its examples whole; another text as it is.
  static func unbroken(_ text: String) -> String {
    guard text.hasPrefix("OVERVIEW: "), let usage = text.firstRange(of: "\n\nUSAGE: ") else { return text }
    return Self.text(of: verb(in: text[usage.upperBound...]).verb, columns: columns)
  }

  /// As wide as the terminal, or as `$COLUMNS` says.
  private static var columns: Int { Output.columns ?? Environment.value("COLUMNS").flatMap { Int($0) } ?? 80 }

  private static func wrapped(_ text: some StringProtocol, columns: Int) -> [Substring] {
    var lines: [Substring] = []
    var line = ""
    for word in text.split(separator: " ") {
      if !line.isEmpty, line.count + 1 + word.count > columns {
        lines.append(line[...])
        line = ""
      }
      line += (line.isEmpty ? "" : " ") + word
    }
    return lines + [line[...]]
  }

  // MARK: - Words

  /// The verb that a line of usage is about, "heddle daemon stop [--grace ...": the type, and how it is called.
  private static func verb(in usage: Substring) -> (verb: any ParsableCommand.Type, name: String) {
    var (verb, name): (any ParsableCommand.Type, String) = (Heddle.self, "heddle")
    for word in usage.split(separator: " ").dropFirst() {
      guard let next = verb.configuration.subcommands.first(where: { $0.configuration.commandName ?? "" == word })
      else {
        break
      }
      (verb, name) = (next, "\(name) \(word)")
    }
    return (verb, name)
  }

  /// A message of the parser about an option that there is not, with the nearest one that there is; others as they are.
  static func hinted(_ message: String) -> String {
    let lines = message.split(separator: "\n", maxSplits: 1)
    let parts = lines[0].split(separator: "'", omittingEmptySubsequences: false)
    guard parts.count > 2, parts[0].hasSuffix("Unknown option "), lines.count > 1 else { return message }
    let option = String(parts[1])
    let usage = lines[1].split(separator: "\n").first { $0.hasPrefix("Usage: ") }?.dropFirst("Usage: ".count) ?? ""
    let (verb, name) = verb(in: usage)
    return "there is no option '\(option)'\(hint(for: option, of: verb, name))\n\(lines[1])"
  }

  private static func hint(for option: String, of verb: any ParsableCommand.Type, _ name: String) -> String {
    if let near = NameHint.nearest(to: option, among: options(of: verb)) { return "; did you mean \(near)?" }
    let others = verb.configuration.subcommands.filter { options(of: $0).contains(option) }
    guard let other = others.first?.configuration.commandName else { return "; \(name) --help lists them" }
    return "; it stands behind a verb, as in: \(name) \(other) \(option)"
  }

  /// The long options that a verb's help lists.
  private static func options(of verb: any ParsableCommand.Type) -> [String] {
    let lines = Heddle.helpMessage(for: verb, columns: 200).split(separator: "\n").filter { $0.hasPrefix("  -") }
    return lines.flatMap { line in
      line.split(separator: " ").prefix(2).filter { $0.hasPrefix("--") }.map(String.init)
    }
  }

  /// - Throws: a `Failure`: that there is no such verb, and which may have been meant. The parser would speak of an unexpected
  ///   argument.
  static func checkVerb(_ words: [String]) throws {
    var verb: any ParsableCommand.Type = Heddle.self
    var name = ""
    for word in words.drop(while: { $0 == "help" }) {
      let below = verb.configuration.subcommands
      if below.isEmpty || word.hasPrefix("-") { return }
      guard let next = below.first(where: { $0.configuration.commandName == word }) else {
        throw noVerb(word, behind: name, among: below.compactMap { $0.configuration.commandName })
      }
      verb = next
      name += "\(word) "
    }
  }

  private static func noVerb(_ word: String, behind name: String, among verbs: [String]) -> Failure {
    let meant = (name.isEmpty ? others[word] : nil) ?? NameHint.nearest(to: word, among: verbs)
    let hint = meant.map { "did you mean \(name)\($0)?" } ?? "heddle \(name)--help lists them"
    return Failure(.usage, "there is no verb '\(name)\(word)'; \(hint)")
  }

  /// What other programs call the verbs.
  private static let others = [
    "status": "ps", "list": "ps", "ls": "ps", "top": "ps --watch", "tail": "logs --follow", "pause": "suspend",
    "cont": "resume", "continue": "resume", "start": "run", "exec": "run", "signal": "break",
  ]
}
