internal import ArgumentParser
internal import HeddleClient
internal import HeddleWire

struct LogsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logs",
    abstract: "Print what threads' programs wrote.",
    discussion: """
      heddle logs ticker
      heddle logs ticker --tail 2
      heddle logs --follow 'web.*' --since 10m

      Of several threads each line has its thread's name in front. With --since there is what came since then, and perhaps \
      a little more: when a line came is known to the second, or to about a tenth of its age. With --json each line is an \
      object. A thread is \(Selector.forms).
      """
  )

  @Flag(name: .shortAndLong, help: "Go on with what they write, until they are dead.")
  var follow = false

  @Option(help: ArgumentHelp("Only so many lines from the end.", valueName: "lines"))
  var tail: Int?

  @Option(
    help: ArgumentHelp("Only what came since, such as 10m or 18:30.", valueName: "time"),
    transform: SinceArgument.parse
  )
  var since: SinceArgument?

  @OptionGroup var common: CommonOptions

  @Argument(help: "The threads, dead or alive.", completion: Targets.threadNames, transform: Selector.parse)
  var threads: [Selector]

  func validate() throws {
    if let tail, tail < 0 { throw ValidationError("--tail takes a number of lines, 0 or more.") }
  }

  func run() async throws {
    try await common.withSupervisor { supervisor in
      let threads = try await threads.threads(of: supervisor, includingDead: true)
      let width = threads.map(\.label.count).max() ?? 0
      let printers = threads.map { LogPrinter(of: $0, form(for: $0, among: threads.count, width)) }
      // Attached first, so that nothing falls between what was and what comes.
      let streams = follow ? try await attach(to: threads, over: supervisor) : []
      for (thread, printer) in zip(threads, printers) { try await printPast(of: thread, printer, over: supervisor) }
      try await withThrowingTaskGroup { group in
        for (stream, printer) in zip(streams, printers) { group.addTask { try await printer.follow(stream) } }
        try await group.waitForAll()
      }
    }
  }

  private func form(for thread: ThreadInfo, among count: Int, _ width: Int) -> LogPrinter.Form {
    if common.quiet { return .none }
    if common.json { return .json }
    guard count > 1 else { return .bytes }
    let name = thread.label + String(repeating: " ", count: width - thread.label.count)
    return .lines(prefix: common.output.palette.paint("\(name) | ", .faint))
  }

  private func attach(to threads: [ThreadInfo], over supervisor: Supervisor) async throws -> [RemoteStream] {
    var streams: [RemoteStream] = []
    for thread in threads { streams.append(try await supervisor.attach(to: .log, of: .id(thread.id))) }
    return streams
  }

  private func printPast(of thread: ThreadInfo, _ printer: LogPrinter, over supervisor: Supervisor) async throws {
    let log = try await supervisor.logs(of: .id(thread.id), tailLines: follow ? nil : tail, since: since?.age)
    // Whoever asks for the end knows that there was more.
    if tail == nil, log.offset == log.droppedBytes, log.droppedBytes > 0 {
      let kept = "the log of \(thread.label) is longer than what is kept of it"
      Output.complain("\(kept); the first \(log.droppedBytes) bytes are lost")
    }
    let text = Self.lastLines(tail ?? .max, of: log.text)
    await printer.print(Array(text), at: UInt64(log.offset + log.text.count - text.count))
    if !follow { await printer.end() }
  }

  /// The last lines of a text, of which the last may want its newline.
  static func lastLines(_ count: Int, of text: [UInt8]) -> ArraySlice<UInt8> {
    guard count > 0 else { return [] }
    let newline = UInt8(ascii: "\n")
    let ends = text.dropLast().indices.reversed().lazy.filter { text[$0] == newline }
    return ends.dropFirst(count - 1).first.map { text[($0 + 1)...] } ?? text[...]
  }
}
