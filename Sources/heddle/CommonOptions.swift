internal import ArgumentParser
internal import HeddleClient

/// What every verb takes that talks to a daemon.
struct CommonOptions: ParsableArguments {
  @OptionGroup var place: SocketOption

  @OptionGroup var output: OutputOptions

  @Option(
    help: ArgumentHelp("Give up after so long, and exit with 124.", valueName: "duration"),
    transform: DurationArgument.parse
  )
  var timeout: DurationArgument?

  var quiet: Bool { output.quiet }
  var json: Bool { output.json }

  /// Calls `body` with a connection to the daemon, which is closed afterwards.
  ///
  /// - Throws: a `Failure`, also for what `body` throws as a `ClientError`.
  func withSupervisor(_ body: (Supervisor) async throws -> Void) async throws {
    try await limited { try await place.withSupervisor(nil, body) }
  }

  /// Calls `body`, for no longer than there is time.
  func limited(_ body: () async throws -> Void) async throws {
    guard let timeout else { return try await body() }
    let watchdog = Task {
      try await Task.sleep(for: timeout.duration)
      // What this process waits for is withdrawn with its connection, and what it asked for goes on.
      ExitStatus.timeout.leave(saying: "gave up after \(timeout.duration.spelled)")
    }
    defer { watchdog.cancel() }
    try await body()
  }
}

/// How results are printed.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print JSON: one document, or one object a line of what goes on.")
  var json = false

  @Flag(name: .shortAndLong, help: "Print nothing but errors.")
  var quiet = false

  @Flag(help: "Use no colours; they are only for terminals, and $NO_COLOR forbids them as well.")
  var noColor = false

  /// The colours of standard output.
  var palette: Palette { noColor ? .plain : .ofStandardOutput }

  /// Prints a result: as JSON, in words, or not at all.
  func write(json: @autoclosure () -> String, _ words: @autoclosure () -> String) {
    guard !quiet else { return }
    Output.write(self.json ? json() + "\n" : words())
  }
}
