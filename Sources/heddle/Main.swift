internal import ArgumentParser
internal import Glibc

@main
enum Main {
  static func main() async {
    do {
      try Help.checkVerb(Array(CommandLine.arguments.dropFirst()))
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

  /// Ends as ArgumentParser would, but for the status of bad usage, which is 2 here.
  private static func leave(_ code: ExitCode, saying message: String) -> Never {
    if code.isSuccess {
      if !message.isEmpty { Output.write(Help.unbroken(message) + "\n") }
      exit(0)
    }
    // A bare status, such as that of a program that was waited for, has nothing to say.
    guard !message.isEmpty else { exit(code.rawValue) }
    let prefix = "Error: "
    Output.complain(Help.hinted(message.hasPrefix(prefix) ? String(message.dropFirst(prefix.count)) : message))
    exit(code == .validationFailure ? ExitStatus.usage.rawValue : code.rawValue)
  }
}
