internal import ArgumentParser

struct ManCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "man",
    abstract: "Print the manual page, in roff.",
    discussion: """
      heddle man | man -l -
      heddle man > ~/.local/share/man/man1/heddle.1
      """
  )

  func run() { Output.write(ManualPage.text) }
}
