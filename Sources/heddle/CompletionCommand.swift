internal import ArgumentParser

struct CompletionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "completion",
    abstract: "Print the script by which a shell completes heddle's words, and the names of threads and custodians.",
    discussion: """
      source <(heddle completion bash)
      heddle completion zsh > ~/.zfunc/_heddle
      heddle completion fish > ~/.config/fish/completions/heddle.fish
      """
  )

  enum Shell: String, ExpressibleByArgument, CaseIterable {
    case bash
    case zsh
    case fish

    var kind: CompletionShell {
      switch self {
      case .bash: .bash
      case .zsh: .zsh
      case .fish: .fish
      }
    }
  }

  @Argument(help: ArgumentHelp("The shell.", valueName: "bash|zsh|fish"))
  var shell: Shell

  func run() { Output.write(Heddle.completionScript(for: shell.kind) + "\n") }
}
