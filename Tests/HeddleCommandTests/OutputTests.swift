import HeddleModel
import HeddleWire
import Testing

@testable import heddle

@Suite("What is printed")
struct OutputTests {
  @Test("a table's columns are as wide as what is in them, and lines have no trailing blanks")
  func table() {
    let table = Table(columns: [.init("NAME", ["a", "ticker"]), .init("STATE", ["‖ suspended", "● running"])])
    #expect(table.lines() == ["NAME    STATE", "a       ‖ suspended", "ticker  ● running"])
  }

  @Test("a table without rows is its headings")
  func emptyTable() {
    #expect(Table(columns: [.init("NAME", []), .init("LAST", [])]).lines() == ["NAME  LAST"])
  }

  @Test("columns are dropped in the stated order until the table fits, and those that stay stay")
  func narrowTable() {
    let table = Table(columns: [
      .init("NAME", ["ticker"]), .init("AGE", ["9s"], dropOrder: 1), .init("CUSTODIAN", ["/main"], dropOrder: 2),
    ])
    #expect(table.lines(columnsMax: 22) == ["NAME    AGE  CUSTODIAN", "ticker  9s   /main"])
    #expect(table.lines(columnsMax: 21) == ["NAME    AGE", "ticker  9s"])
    #expect(table.lines(columnsMax: 1) == ["NAME", "ticker"])
  }

  @Test(
    "an age is in its largest unit",
    arguments: [
      (Duration.seconds(-1), "0s"), (.milliseconds(999), "0s"), (.seconds(59), "59s"), (.seconds(60), "1m"),
      (.seconds(3_599), "59m"), (.seconds(3_600), "1h"), (.seconds(86_400 * 3), "3d"),
    ]
  )
  func age(duration: Duration, text: String) {
    #expect(duration.age == text)
  }

  @Test(
    "what something took is told in milliseconds below a second",
    arguments: [
      (Duration.microseconds(4_900), "4 ms"), (.milliseconds(999), "999 ms"), (.milliseconds(1_290), "1.2 s"),
      (.seconds(10), "10s"), (.seconds(-1), "0 ms"),
    ]
  )
  func took(duration: Duration, text: String) {
    #expect(duration.took == text)
  }

  @Test("threads are listed with their state, age, custodian and latest change")
  func threads() throws {
    let ticker = Samples.thread("ticker", state: .suspended, change: .init(what: "suspended", by: "you"))
    #expect(
      ThreadTable(threads: [ticker], isUTF8: true).table.lines() == [
        "NAME    STATE        AGE  CUSTODIAN  LAST",
        "ticker  ‖ suspended  9s   /main      suspended 0s ago by you",
      ]
    )
    #expect(ThreadTable(threads: [ticker], isUTF8: false).table.lines()[1].hasPrefix("ticker  = suspended"))
  }

  @Test("unread mail is listed when there is some, and a thread without a name by its id")
  func mail() {
    let lines = ThreadTable(
      threads: [Samples.thread("a"), Samples.thread(nil, mail: 3)],
      isUTF8: true
    ).table.lines()
    #expect(lines[0] == "NAME     STATE      AGE  CUSTODIAN  MAIL  LAST")
    #expect(lines[2] == "id:7f3a  ● running  9s   /main      3     started 0s ago")
  }

  @Test(
    "the dead are listed with their cause",
    arguments: [
      (DeathCause.exited(code: 0), "○ dead", "exited with 0 0s ago"),
      (.exited(code: 3), "✗ failed", "exited with 3 0s ago"),
      (.signalled(number: 11, coreDumped: true), "✗ failed", "ended by signal 11 (core dumped) 0s ago"),
      (
        .failedToStart(errorNumber: 2, stage: "exec"), "✗ failed",
        "failed to start (exec: No such file or directory) 0s ago"
      ),
      (.killed(by: "pid 3"), "○ dead", "killed by pid 3 0s ago"),
      (.custodianShutDown(.main), "○ dead", "shut down with /main 0s ago"),
      (.daemonEnded, "○ dead", "ended with the daemon 0s ago"),
      (.timedOut(after: .seconds(2)), "✗ failed", "timed out after 2.0 s 0s ago"),
    ]
  )
  func dead(cause: DeathCause, state: String, last: String) {
    let dead = Samples.thread("x", state: .dead, cause: cause)
    let line = ThreadTable(threads: [dead], isUTF8: true).table.lines()[1]
    #expect(line.hasPrefix("x     \(state)"))
    #expect(line.hasSuffix("-          \(last)"))
  }

  @Test("a new thread is told of in one line")
  func run() {
    #expect(RunCommand.line(about: Samples.thread("ticker")) == "ticker  id 7f3a  running  (custodian /main)\n")
    #expect(RunCommand.line(about: Samples.thread(nil)) == "id:7f3a  running  (custodian /main)\n")
  }

  @Test("a kill that did not kill says so")
  func kill() {
    #expect(KillCommand.remark(.died, "web") == nil)
    #expect(KillCommand.remark(.wasDead, "web") == "web was dead before")
    #expect(KillCommand.remark(.suspended, "web")?.contains("--really") == true)
  }

  @Test("a tree of custodians is drawn, in Unicode and in ASCII")
  func tree() throws {
    let summary = ThreadSummary(id: Samples.id, name: try EntityName("build"), state: .running)
    let job = CustodianListing(
      path: try CustodianPath(parsing: "job"),
      state: .shuttingDown,
      children: [],
      threads: [summary]
    )
    let other = CustodianListing(
      path: try CustodianPath(parsing: "other"),
      state: .open,
      children: [],
      threads: []
    )
    let main = CustodianListing(path: .main, state: .open, children: [job, other], threads: [summary])
    #expect(
      TreeDrawing(isUTF8: true).lines(of: main) == [
        "/main",
        "├─ build  running",
        "├─ /main/job  shutting down",
        "│  └─ build  running",
        "└─ /main/other",
      ]
    )
    #expect(TreeDrawing(isUTF8: false).lines(of: main)[3] == "|  `- build  running")
  }
}

@Suite("A shutdown's lines")
struct ShutdownWordsTests {
  private let words: ShutdownWords
  private let build: ThreadSummary

  init() throws {
    words = ShutdownWords(try CustodianReference(parsing: "job"))
    build = ThreadSummary(id: Samples.id, name: try EntityName("build"), state: .dead)
  }

  @Test("a death tells of the processes that it took with it, and how long it took")
  func death() {
    let ended = EndedProcesses(
      program: .init(pid: 4_170, name: "sh"),
      stragglers: [
        .init(pid: 4_172, name: "sleep", inOtherSession: true), .init(pid: 4_173, name: "sleep", inOtherSession: false),
      ],
      total: 3
    )
    #expect(
      words.lines(about: .threadDead(build, after: .milliseconds(4), ended: ended)) == [
        "/main/job  build  killed: sh 4170, sleep 4173, and sleep 4172 in a session of its own",
        "/main/job  build  dead  (custodian shutdown)               4 ms",
      ]
    )
  }

  @Test("a thread of which no process was left is only dead")
  func emptyDeath() {
    let ended = EndedProcesses(program: nil, stragglers: [], total: 0)
    #expect(words.lines(about: .threadDead(build, after: .zero, ended: ended)).count == 1)
  }

  @Test("processes are listed in one sentence, with a number for those that are not named")
  func lists() {
    func list(_ count: Int, total: Int) -> String? {
      let stragglers = (0..<count).map { EndedProcesses.Straggler(pid: Int32($0), name: "x", inOtherSession: false) }
      return ShutdownWords.list(EndedProcesses(program: nil, stragglers: stragglers, total: total))
    }
    #expect(list(1, total: 1) == "x 0")
    #expect(list(2, total: 2) == "x 0 and x 1")
    #expect(list(2, total: 9) == "x 0, x 1, and 7 more")
  }

  @Test("what was suspended instead is told, and counted at the end")
  func leftSuspended() {
    #expect(
      words.lines(about: .leftSuspended([build])) == ["/main/job  build  suspended  (made with --suspend-to-kill)"]
    )
    func line(_ threads: Int, _ processes: Int, _ left: Int) -> String {
      words.line(
        about: ShutdownReport(threads: threads, processes: processes, leftSuspended: left, duration: .zero)
      )
    }
    #expect(line(1, 3, 0) == "/main/job  shut down: 1 thread, 3 processes, 0 left")
    #expect(line(2, 1, 2) == "/main/job  shut down: 2 threads, 1 process, 2 left suspended")
  }
}
