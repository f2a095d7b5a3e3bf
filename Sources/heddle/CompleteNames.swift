internal import ArgumentParser
internal import Glibc
internal import HeddleClient
internal import HeddleModel
internal import HeddleWire

/// What the completion scripts ask for, which complete no more than is known in a moment.
struct CompleteNames: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "complete-names",
    abstract: "Print the names that a shell may complete.",
    shouldDisplay: false
  )

  enum Kind: String, ExpressibleByArgument {
    case threads
    case custodians

    /// How a shell finds them.
    var completion: CompletionKind { .shellCommand("heddle complete-names \(rawValue) 2>/dev/null") }
  }

  /// Nobody waits longer for a word.
  private static let patience = Duration.milliseconds(200)

  @OptionGroup var place: SocketOption

  @Argument var kind: Kind

  func run() async throws {
    let watchdog = Task {
      try await Task.sleep(for: Self.patience)
      Glibc.exit(EXIT_SUCCESS)
    }
    defer { watchdog.cancel() }
    // Without a daemon there are no names, and nobody to be told why.
    try? await place.withSupervisor { supervisor in
      Output.write(try await names(at: supervisor).map { $0 + "\n" }.joined())
    }
  }

  private func names(at supervisor: Supervisor) async throws -> [String] {
    switch kind {
    case .threads: try await supervisor.list(includeDead: true).compactMap(\.name?.text).sorted()
    case .custodians: Self.paths(in: try await supervisor.custodianTree(.root))
    }
  }

  static func paths(in listing: CustodianListing) -> [String] {
    ["\(listing.path)"] + listing.children.flatMap(paths)
  }
}
