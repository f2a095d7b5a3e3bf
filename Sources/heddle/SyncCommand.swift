internal import ArgumentParser
internal import HeddleClient
internal import HeddleLoop
internal import HeddleThreads
internal import HeddleWire

struct SyncCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sync",
    abstract: "Wait for the first of several events, and print which it was.",
    discussion: """
      heddle sync dead:build timer:30s
      case $(heddle sync gone=dead:db late=timer:10s) in gone) heddle logs db;; late) heddle suspend db;; esac
      heddle sync --all dead:one dead:two --timeout 1m
      heddle sync msg timer:10s

      An event is \(EventArgument.forms); NAME=EVENT has it printed as NAME. What has happened stays so: a thread that \
      is dead is dead at once. A suspension or a resumption is the next one from now on, or the one that is. Of several \
      that are ready any one is taken, and nothing from the others. No two may be called the same. A THREAD is \(Selector.forms); of several \
      the first counts. msg is for a process of a thread: the thread has mail, or no more can come; heddle recv takes it.

      Exits with 0, with 124 when the time is up, and with --code as the place of the event says, from 0.
      """
  )

  @Flag(help: "Wait for all of them; each is printed when it happens.")
  var all = false

  @Flag(help: "Exit with the place of the event, from 0.")
  var code = false

  @OptionGroup var common: CommonOptions

  @Argument(
    help: ArgumentHelp("What to wait for.", valueName: "event"),
    completion: Targets.eventNames,
    transform: EventArgument.parse
  )
  var events: [EventArgument]

  func validate() throws {
    if events.isEmpty { throw ValidationError("Name an event: \(EventArgument.forms).") }
    var labels: Set<String> = []
    if let twice = events.map(\.label).first(where: { !labels.insert($0).inserted }) {
      throw ValidationError(
        "Two events are called '\(twice)', and which of them it was could not be told; call one NAME=EVENT."
      )
    }
    if all, code {
      throw ValidationError("--code says which event was first, and --all waits for every one; leave out one.")
    }
  }

  func run() async throws {
    // Its time is one of the events, so that one that is ready wins against no time at all.
    if events.contains(where: \.kind.isOfDaemon) {
      try await common.place.withSupervisor { try await wait(EventSources(supervisor: $0, loop: $0.loop)) }
    } else {
      let loop = try EventLoop.start()
      defer { loop.stop() }
      try await wait(EventSources(supervisor: nil, loop: loop))
    }
  }

  private func wait(_ sources: EventSources) async throws {
    var waiting: [AnyEvent<Int>] = []
    for (place, event) in events.enumerated() { waiting.append(try await sources.event(event.kind).wrap { place }) }
    var end = AnyEvent<Int>?.none
    if let timeout = common.timeout { end = try await sources.event(.timer(timeout.duration)).wrap { -1 } }
    var done: Set<Int> = []
    repeat {
      let rest = waiting.indices.filter { !done.contains($0) }.map { waiting[$0] }
      let place = try await sync(choice(rest + [end].compactMap(\.self)))
      guard place >= 0 else { throw ExitCode(ExitStatus.timeout.rawValue) }
      done.insert(place)
      let label = events[place].label
      common.output.write(json: WireJSON.happened(label, place: place), label + "\n")
      if code, place > 0 { throw ExitCode(Int32(place)) }
    } while all && done.count < events.count
  }
}
