import HeddleModel
import HeddleWire
import Testing

@testable import heddle

@Suite("what happened, in words")
struct HappeningWordsTests {
  private func line(_ what: Happening.What, by: String = "", thread: Bool = true) throws -> String {
    let happening = Happening(
      number: 1,
      time: Moment(nanoseconds: 1_700_000_000_123_000_000),
      instant: Instant(nanoseconds: 0),
      what: what,
      thread: thread ? .init(id: Samples.id, name: try EntityName("web")) : nil,
      by: by
    )
    let words = HappeningWords.line(about: happening, .plain)
    // The date and the time are the local clock's.
    return String(try #require(words.split(separator: ".123  ").last))
  }

  @Test("a line says what happened, to whom, what else there is to say, and who asked")
  func lines() throws {
    let job = try CustodianPath(parsing: "job")
    #expect(try line(.suspended, by: "pid 7") == "suspended          web  by pid 7")
    #expect(try line(.spawned(in: job), by: "pid 7") == "spawned            web  in /main/job  by pid 7")
    #expect(try line(.broken(.hangUp)) == "broken             web  hang-up")
    let death = DeathRecord(cause: .exited(code: 3), unreadMail: 2)
    #expect(try line(.dead(death)) == "dead               web  exited with 3, 2 unread")
    #expect(try line(.custodianMade(job), thread: false) == "custodian-made     /main/job")
    let report = ShutdownReport(threads: 1, processes: 3, leftSuspended: 0, duration: .zero)
    #expect(
      try line(.shutdownComplete(job, report), thread: false)
        == "shutdown-complete  /main/job  1 thread, 3 processes, 0 left"
    )
  }

  @Test("each kind has a name of its own, by which it is found", arguments: Happening.Kind.allCases)
  func names(kind: Happening.Kind) { #expect(HappeningWords.kind(named: HappeningWords.name(of: kind)) == kind) }

  @Test("a list of types is taken apart, and a name that is none is answered with the nearest")
  func types() throws {
    #expect(try EventsCommand.kinds("dead,mail-ended") == [.dead, .mailEnded])
    #expect(throws: (any Error).self) { try EventsCommand.kinds("dead,") }
    let error = #expect(throws: (any Error).self) { try EventsCommand.kinds("daed") }
    #expect("\(try #require(error))".contains("did you mean dead?"))
  }

  @Test("since is a span, or a date")
  func since() {
    guard case .age(.seconds(600)) = SinceArgument(argument: "10m") else { Issue.record("no span"); return }
    guard case .time(let moment)? = SinceArgument(argument: "2026-11-21T18:30:00Z")?.inHistory else {
      Issue.record("no moment")
      return
    }
    #expect(moment.rfc3339 == "2026-11-21T18:30:00.000Z")
    #expect(SinceArgument(argument: "2990-01-01T00:00:00Z")?.age == .zero)
    #expect(SinceArgument(argument: "yesterday") == nil)
  }
}

@Suite("everything about a thread, in words")
struct DetailWordsTests {
  private let detail = ThreadDetail(
    thread: Samples.thread("web", change: .init(what: "resumed", by: "pid 7"), mail: 2),
    made: .epoch,
    changed: .epoch,
    start: .init(
      cwd: Array("/srv".utf8),
      environmentCount: 12,
      heddleEnvironment: ["HEDDLE_ID=7f3a"],
      umask: 0o27,
      limits: ResourceLimits(),
      suspendToKill: true,
      linger: false,
      allowSetuid: false,
      stdinPipe: false
    ),
    ties: .init(currentCustodian: .main),
    pendingBreak: nil,
    traffic: .init(mailTaken: 5, isMailEnded: false, credit: nil, onTheirWay: nil, logWritten: 2_048, logKept: 1_536),
    place: .init(containment: "subreaper", processes: 3, warden: 9)
  )

  @Test("what applies is there, in aligned lines, and what does not is left out")
  func lines() {
    let lines = DetailWords(detail: detail, isUTF8: true).lines()
    for line in [
      "name         web", "id           id:7f3a", "state        ● running, resumed 0s ago by pid 7",
      "command      sh", "directory    /srv", "environment  12 variables, of which heddle has set",
      "             HEDDLE_ID=7f3a", "umask        0027", "options      suspend-to-kill", "custodians   /main",
      "mail taken   5 messages", "processes    3", "containment  subreaper", "warden       pid 9",
      "log          2 KiB written, 1.5 KiB kept",
    ] {
      #expect(lines.contains(line), "\(lines)")
    }
    for label in ["limits", "acts for", "group", "benefactors", "nested in", "credit", "break", "cgroup", "death"] {
      #expect(!lines.contains { $0.hasPrefix("\(label) ") }, "\(label)")
    }
  }

  @Test(
    "a size is in its largest unit, to a tenth",
    arguments: [
      (0, "0 B"), (1_023, "1023 B"), (1_024, "1 KiB"), (1_536, "1.5 KiB"), (8 << 20, "8 MiB"), (3 << 40, "3 TiB"),
    ]
  )
  func sizes(bytes: Int, text: String) { #expect(DetailWords.size(bytes) == text) }

  @Test("a command is quoted as a shell would take it")
  func command() {
    #expect(ShellWords.quoted(["sh", "-c", "echo it's", ""].map { Array($0.utf8) }) == #"sh -c 'echo it'\''s' ''"#)
  }

  @Test("the processes of a tree are those below its warden")
  func processes() {
    let tree = ProcessTree(parents: [2: 1, 3: 2, 4: 3, 5: 3, 6: 1])
    #expect(tree.countBelow(2) == 3)
    #expect(tree.countBelow(4) == 0)
    #expect(tree.parent(of: 3) == 2)
  }
}

@Suite("what is waited for, in words")
struct WaitingTests {
  @Test("a line names who has not ended, and says what was done and what will be")
  func stages() {
    var waiting = Waiting(for: ["db", "web"], from: .seconds(100), grace: .seconds(10))
    #expect(waiting.text(at: .seconds(100)) == "waiting for 2: db, web (asked 0.0s ago, KILL in 10.0s)")
    waiting.enter(.terminated, at: .seconds(105))
    waiting.names.removeAll { $0 == "web" }
    #expect(waiting.text(at: .milliseconds(108_150)) == "waiting for 1: db (TERM sent 3.1s ago, KILL in 1.8s)")
    waiting.enter(.killed, at: .seconds(110))
    #expect(waiting.text(at: .milliseconds(110_200)) == "waiting for 1: db (KILL sent 0.2s ago)")
    waiting.names = []
    #expect(waiting.text(at: .seconds(111)) == nil)
  }
}

@Suite("threads as tables and trees")
struct ThreadDrawingTests {
  @Test("a wide table has ids, process ids, containment and commands, which go first when it is too wide")
  func wide() {
    let table = ThreadTable(threads: [Samples.thread("web")], isUTF8: true, wideOn: "cgroup").table
    #expect(
      table.lines() == [
        "NAME  ID       STATE      AGE  CUSTODIAN  PID  CONTAINMENT  LAST            COMMAND",
        "web   id:7f3a  ● running  9s   /main      12   cgroup       started 0s ago  sh",
      ]
    )
    #expect(table.lines(columnsMax: 76).first?.hasSuffix("LAST") == true)
    #expect(table.lines(columnsMax: 66).first == "NAME  ID       STATE      AGE  CUSTODIAN  PID  LAST")
    #expect(table.lines(columnsMax: 52).first == "NAME  STATE      AGE  CUSTODIAN  PID  LAST")
  }

  @Test("states are coloured, and the columns stay where they are")
  func colours() {
    let threads = [Samples.thread("web"), Samples.thread("old", state: .dead, cause: .exited(code: 1))]
    let lines = ThreadTable(threads: threads, isUTF8: true).table.lines(Palette(isColoured: true))
    #expect(lines[1].hasPrefix("web   \u{1B}[32m● running\u{1B}[0m  9s"))
    #expect(lines[2].hasPrefix("old   \u{1B}[31m✗ failed\u{1B}[0m   9s"))
  }

  @Test("a tree has states and ages, and names of one width under each custodian")
  func tree() throws {
    let threads = [Samples.thread("ticker"), Samples.thread("db")]
    let ids = [ThreadID(rawValue: 1), ThreadID(rawValue: 2)]
    let summaries = zip(ids, threads).map { ThreadSummary(id: $0, name: $1.name, state: .running) }
    let main = CustodianListing(path: .main, state: .open, children: [], threads: summaries)
    let drawing = TreeDrawing(isUTF8: true, infos: Dictionary(uniqueKeysWithValues: zip(ids, threads)))
    let expected = ["/main", "├─ ticker  ● running 9s", "└─ db      ● running 9s"]
    #expect(drawing.lines(of: main) == expected)
    let root = CustodianListing(path: .root, state: .open, children: [main], threads: [])
    #expect(drawing.lines(ofAll: root) == expected)
    #expect(drawing.lines(ofThoseLeft: [Samples.thread("x")]).first == "(no custodian)")
    #expect(drawing.lines(ofThoseLeft: []) == [])
  }

  @Test("the plan of a shutdown says what becomes of whom")
  func plan() throws {
    let job = try CustodianPath(parsing: "job")
    func summary(_ name: String) throws -> ThreadSummary {
      ThreadSummary(id: Samples.id, name: try EntityName(name), state: .running)
    }
    let plan = ShutdownPlan(
      custodians: [job, try CustodianPath(parsing: "job/sub")],
      ended: [try summary("a")],
      leftSuspended: [try summary("b")],
      surviving: [try summary("c")]
    )
    #expect(
      ShutdownWords(CustodianReference(job)).lines(about: plan) == [
        "/main/job  /main/job/sub  would be shut down with it", "/main/job  a  would end",
        "/main/job  b  would be left suspended  (made with --suspend-to-kill)",
        "/main/job  c  would go on  (it has another custodian)",
        "/main/job  would be shut down: 1 thread would end, 1 be suspended",
      ]
    )
  }
}

@Suite("the doctor's words")
struct DoctorWordsTests {
  @Test("each check has its line, advice below it, and a verdict over all")
  func lines() {
    let report = DoctorReport(checks: [
      .init("pidfd", .good, "works here"), .init("open files", .warning, "64 at most", advice: "raise it"),
      .init("keeper", .failed, "not found"),
    ])
    #expect(!report.isHealthy)
    #expect(
      DoctorWords(isUTF8: true).lines(about: report) == [
        "✓ pidfd       works here", "! open files  64 at most", "              raise it", "✗ keeper      not found",
        "1 of 3 checks failed",
      ]
    )
    let fair = DoctorReport(checks: Array(report.checks.prefix(2)))
    #expect(DoctorWords(isUTF8: false).lines(about: fair).last == "all is well, and 1 things could be better")
  }

  @Test("the rung says what happens when all are killed at once")
  func sudden() {
    #expect(Surroundings.suddenEnd("pidns").verdict == .good)
    #expect(Surroundings.suddenEnd("subreaper").finding.contains("may survive"))
  }
}
