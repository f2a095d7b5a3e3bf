internal import ArgumentParser
internal import HeddleWire

struct VersionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "version",
    abstract: "Print the version.",
    discussion: """
      heddle version
      heddle version --json
      """
  )

  @Flag(help: "Print JSON, with the versions of the protocol that it speaks.")
  var json = false

  func run() { Output.write((json ? WireJSON.version(Version.text) : "heddle \(Version.text)") + "\n") }
}
