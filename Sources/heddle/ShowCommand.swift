internal import ArgumentParser
internal import HeddleClient
internal import HeddleWire

struct ShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Tell everything about threads.",
    discussion: """
      heddle show ticker
      heddle show ticker --events 20
      heddle show --json id:7f3a

      Of the environment only what heddle has set is told, and how much there is: the rest is not kept, as there may be \
      secrets. What does not apply is left out. With --json there is a document for each thread. A thread is \
      \(Selector.forms).
      """
  )

  @Option(help: ArgumentHelp("Tell the last so many things that happened to it, too.", valueName: "number"))
  var events: Int?

  @OptionGroup var common: CommonOptions

  @Argument(help: "The threads, dead or alive.", completion: Targets.threadNames, transform: Selector.parse)
  var threads: [Selector]

  func validate() throws {
    if let events, events < 1 { throw ValidationError("--events takes a number, 1 or more.") }
  }

  func run() async throws {
    try await common.withSupervisor { supervisor in
      for (place, thread) in try await threads.threads(of: supervisor, includingDead: true).enumerated() {
        var detail = try await supervisor.show(.id(thread.id))
        // A thread that is a client's connection has no tree of its own.
        if !detail.thread.argv.isEmpty { detail.place = detail.place.lookedUp(detail.thread.pid) }
        let happenings = try await lastEvents(of: .id(thread.id), supervisor)
        let gap = place == 0 ? "" : "\n"
        common.output.write(json: WireJSON.text(detail, happenings), gap + words(detail, happenings))
      }
    }
  }

  private func lastEvents(of thread: ThreadReference, _ supervisor: Supervisor) async throws -> [Happening] {
    guard let events else { return [] }
    var walk = HistoryWalk(HistoryQuery(thread: thread, newest: events), of: supervisor)
    var happenings: [Happening] = []
    repeat { happenings += try await walk.next(waiting: false).happenings } while !walk.isUpToDate
    return happenings.suffix(events)
  }

  private func words(_ detail: ThreadDetail, _ happenings: [Happening]) -> String {
    let palette = common.output.palette
    let lines = DetailWords(detail: detail, isUTF8: Environment.isUTF8, palette: palette).lines()
    let events = happenings.map { HappeningWords.line(about: $0, palette) }
    return (lines + (events.isEmpty ? [] : [""]) + events).map { $0 + "\n" }.joined()
  }
}
