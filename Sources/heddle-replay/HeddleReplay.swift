internal import ArgumentParser

/// Replays traces against an implementation of the model.
@main
struct HeddleReplay: AsyncParsableCommand {
  @Argument var files: [String]
  func run() async throws {
    for f in files { print(try TraceFile(path: f).lines.count) }
  }
}
