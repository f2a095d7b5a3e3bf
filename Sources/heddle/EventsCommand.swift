internal import ArgumentParser
internal import HeddleClient
internal import HeddleWire

struct EventsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events",
    abstract: "Print what happened to threads and custodians, and what happens.",
    discussion: """
      heddle events --since 10m
      heddle events --follow --type dead,failed
      heddle events --follow --json | jq -r 'select(.kind == "HAPPENING_KIND_DEAD").name'

      The daemon remembers the last 10,000 happenings. With --follow it begins with now, or with --since, and goes on \
      until it is interrupted. Whoever reads too slowly is told how many were lost.

      The types are \(Happening.Kind.allCases.map(HappeningWords.name).joined(separator: ", ")).
      """
  )

  @Flag(name: .shortAndLong, help: "Go on with what happens.")
  var follow = false

  @Option(
    help: ArgumentHelp("Only what happened since, such as 10m, 18:30 or 2026-11-21T18:30:00.", valueName: "time"),
    transform: SinceArgument.parse
  )
  var since: SinceArgument?

  @Option(help: ArgumentHelp("Only these, with commas between them.", valueName: "type,..."), transform: Self.kinds)
  var type: Set<Happening.Kind>?

  @OptionGroup var common: CommonOptions

  @Argument(help: "Only what happened to this thread.", completion: Targets.threadName, transform: Targets.thread)
  var thread: ThreadReference?

  static func kinds(_ text: String) throws -> Set<Happening.Kind> {
    var kinds: Set<Happening.Kind> = []
    for name in text.split(separator: ",", omittingEmptySubsequences: false).map(String.init) {
      guard let kind = HappeningWords.kind(named: name) else {
        let hint = NameHint.nearest(to: name, among: Happening.Kind.allCases.map(HappeningWords.name))
        throw ValidationError("There is no type \(name)\(hint.map { "; did you mean \($0)?" } ?? ".")")
      }
      kinds.insert(kind)
    }
    return kinds
  }

  func run() async throws {
    try await common.withSupervisor { supervisor in
      let thread =
        if let thread { ThreadReference.id(try await supervisor.findOrHint(thread).id) } else { ThreadReference?.none }
      // To follow without a past is to begin where the history ends.
      let query = HistoryQuery(
        since: since?.inHistory,
        kinds: type ?? [],
        thread: thread,
        newest: follow && since == nil ? 0 : nil
      )
      var walk = HistoryWalk(query, of: supervisor)
      repeat { try await printNext(of: &walk, waiting: false) } while !walk.isUpToDate
      while follow { try await printNext(of: &walk, waiting: true) }
    }
  }

  private func printNext(of walk: inout HistoryWalk, waiting: Bool) async throws {
    let (happenings, lost) = try await walk.next(waiting: waiting)
    if lost > 0 { Output.complain("\(lost) events came faster than they were read, and are lost") }
    for happening in happenings {
      common.output.write(
        json: WireJSON.text(happening),
        HappeningWords.line(about: happening, common.output.palette) + "\n"
      )
    }
  }
}
