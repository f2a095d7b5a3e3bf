internal import ArgumentParser
internal import Glibc

@main
enum Main {
  static func main() async {
    do {
      try checkVerb(CommandLine.arguments.dropFirst().first)
      var command = try Heddle.parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch let failure as Failure {
      Output.complain(failure.sentence)
      exit(failure.status.rawValue)
    } catch {
      leave(Heddle.exitCode(for: error), saying: Heddle.fullMessage(for: error))
    }
  }

  /// Says that there is no such verb, and which may have been meant: the parser would speak of an unexpected argument.
  static func checkVerb(_ word: String?) throws {
    let verbs = Heddle.configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]
    guard let word, !word.hasPrefix("-"), !verbs.contains(word) else { return }
    let hint = NameHint.nearest(to: word, among: verbs).map { "; did you mean \($0)?" } ?? "; heddle --help lists them"
    throw Failure(.usage, "there is no verb '\(word)'\(hint)")
  }

  /// Ends as ArgumentParser would, but for the status of bad usage, which is 2 here.
  private static func leave(_ code: ExitCode, saying message: String) -> Never {
    if code.isSuccess {
      if !message.isEmpty { Output.write(message + "\n") }
      exit(0)
    }
    // A bare status, such as that of a program that was waited for, has nothing to say.
    guard !message.isEmpty else { exit(code.rawValue) }
    let prefix = "Error: "
    Output.complain(message.hasPrefix(prefix) ? String(message.dropFirst(prefix.count)) : message)
    exit(code == .validationFailure ? ExitStatus.usage.rawValue : code.rawValue)
  }
}
