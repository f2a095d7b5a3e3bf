internal import ArgumentParser
internal import HeddleClient
internal import HeddleWire

struct LogsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logs",
    abstract: "Print what a thread's program wrote.",
    discussion: """
      heddle logs ticker
      heddle logs ticker --tail 2
      heddle logs ticker --follow
      """
  )

  @Flag(name: .shortAndLong, help: "Go on with what it writes, until it is dead.")
  var follow = false

  @Option(help: ArgumentHelp("Only so many lines from the end.", valueName: "lines"))
  var tail: Int?

  @OptionGroup var common: CommonOptions

  @Argument(help: "The thread, dead or alive.", completion: Targets.threadNames, transform: Targets.thread)
  var thread: ThreadReference

  func validate() throws {
    if let tail, tail < 0 { throw ValidationError("--tail takes a number of lines, 0 or more.") }
  }

  func run() async throws {
    try await common.withSupervisor { supervisor in
      let thread = ThreadReference.id(try await supervisor.findOrHint(thread).id)
      // Attached first, so that nothing falls between what was and what comes.
      let stream = follow ? try await supervisor.attach(to: .log, of: thread) : nil
      let log = try await supervisor.logs(of: thread, tailLines: follow ? nil : tail)
      if tail == nil, log.droppedBytes > 0 {
        Output.complain("the log is longer than what is kept of it; the first \(log.droppedBytes) bytes are lost")
      }
      guard let stream else { return Output.write(log.text) }
      Output.write(Array(Self.lastLines(tail ?? .max, of: log.text)))
      try await Self.follow(stream, from: UInt64(log.droppedBytes + log.text.count))
    }
  }

  /// The last lines of a text, of which the last may want its newline.
  static func lastLines(_ count: Int, of text: [UInt8]) -> ArraySlice<UInt8> {
    guard count > 0 else { return [] }
    let newline = UInt8(ascii: "\n")
    let ends = text.dropLast().indices.reversed().lazy.filter { text[$0] == newline }
    return ends.dropFirst(count - 1).first.map { text[($0 + 1)...] } ?? text[...]
  }

  /// - Parameter end: what was printed so far goes to there.
  private static func follow(_ stream: RemoteStream, from end: UInt64) async throws {
    var next = end
    while let chunk = try await stream.read() {
      if chunk.offset > next { Output.complain("\(chunk.offset - next) bytes of the log were lost") }
      // What came between the attachment and the reading of the log was printed with that.
      let known = Int(clamping: next > chunk.offset ? next - chunk.offset : 0)
      Output.write(Array(chunk.bytes.dropFirst(known)))
      next = max(next, chunk.offset + UInt64(chunk.bytes.count))
    }
  }
}
