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
    /// Where one thread is named: by name or id.
    case thread
    /// Where selectors are: custodians, too.
    case threads
    /// Where sync's events are.
    case events
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
      Output.write(try await names(at: supervisor).map { Self.word($0) + "\n" }.joined())
    }
  }

  private func names(at supervisor: Supervisor) async throws -> [String] {
    switch kind {
    case .thread: try await Self.threads(of: supervisor)
    case .threads: try await Self.threads(of: supervisor) + Self.custodians(of: supervisor).map { "@\($0)" }
    case .custodians: try await Self.custodians(of: supervisor)
    case .events:
      try await Self.threads(of: supervisor).flatMap { thread in EventArgument.threadWords.map { "\($0):\(thread)" } }
        + EventArgument.otherWords
    }
  }

  /// Names before ids.
  private static func threads(of supervisor: Supervisor) async throws -> [String] {
    let threads = try await supervisor.list(includeDead: true)
    return Set(threads.compactMap(\.name?.text)).sorted() + threads.map { "\(ThreadReference.id($0.id))" }
  }

  private static func custodians(of supervisor: Supervisor) async throws -> [String] {
    paths(in: try await supervisor.custodianTree(.root))
  }

  /// A word as a shell's completion takes it: zsh's would take what stands behind a colon for a description.
  private static func word(_ name: String) -> String {
    Environment.value("SAP_SHELL") == "zsh" ? name.split(separator: ":").joined(separator: "\\:") : name
  }

  static func paths(in listing: CustodianListing) -> [String] {
    ["\(listing.path)"] + listing.children.flatMap(paths)
  }
}
