import Foundation
import HeddleModel
import HeddleWire
import TestPrograms
import Testing

@Suite("mail from a shell", .serialized, .timeLimit(.minutes(2)))
struct MailVerbTests {
  private static let heddle = Command.binDirectory.appending(path: "heddle").path

  /// Starts a shell in the background as the thread `name`, whose script has `heddle` in `$0`.
  private static func start(
    _ name: String,
    _ script: String,
    _ options: [String] = [],
    at place: String
  ) async throws {
    let words = ["run", "-d", "--name", name] + options + ["--", "sh", "-c", script, heddle]
    let run = try await Command.heddle(words, at: place)
    #expect(run.status == 0, "\(run.errors)")
  }

  /// What a thread wrote, when it is dead.
  private static func output(of name: String, at place: String) async throws -> String {
    _ = try await Command.heddle("wait", name, "--timeout", "60s", at: place)
    return try await Command.heddle("logs", name, at: place).output
  }

  @Test("a script receives its own mail, message by message, to the end")
  func receive() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    try await Self.start("inbox", #"while m=$("$0" recv); do echo "got $m"; done; "$0" recv; echo "end $?""#, at: place)
    for message in ["one", "two words", ""] {
      #expect(try await Command.heddle("send", "inbox", message, at: place).status == 0)
    }
    #expect(try await Command.heddle("send", "inbox", "--end", at: place).status == 0)
    #expect(try await Self.output(of: "inbox", at: place) == "got one\ngot two words\ngot \nend 1\n")
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("try finds nothing with 1; -n, --follow, --rewind and --json do what they say; msg takes nothing")
  func forms() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    let script = """
      "$0" recv --try; echo "try $?"
      "$0" recv --rewind; echo "nothing $?"
      "$0" recv --rewind b a; echo "rewind $?"
      "$0" sync msg timer:10s
      "$0" recv -n 2; echo "two $?"
      "$0" recv --rewind 'a b'; "$0" recv --json
      "$0" sync msg timer:10ms
      "$0" recv --timeout 10ms 2>/dev/null; echo "late $?"
      "$0" recv --follow; echo "follow $?"
      "$0" recv -n 3; echo "none $?"
      """
    try await Self.start("self", script, at: place)
    // Its --follow is what comes next.
    while try await !Command.heddle("logs", "self", at: place).output.contains("late") {}
    _ = try await Command.heddle("send", "self", "--lines", "--end", at: place, input: "x\ny\n")
    let expected = """
      try 1
      nothing 0
      rewind 0
      msg
      a
      b
      two 0
      {"v":1,"body":"a b"}
      timer:10ms
      late 124
      x
      y
      follow 0
      none 1

      """
    #expect(try await Self.output(of: "self", at: place) == expected)
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("outside of threads recv and sync msg are bad usage, and say what to do; so are flags that contradict")
  func usage() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    for words in [["recv"], ["recv", "--try"], ["recv", "--rewind", "x"], ["sync", "msg", "timer:1s"]] {
      let run = try await Command.heddle(words, at: place)
      #expect(run.status == 2)
      #expect(run.output == "")
      #expect(run.errors.contains("heddle recv --as NAME"))
    }
    let contradictions = [
      ["-n", "0"], ["--follow", "--try"], ["x"], ["--as", "x", "--try"], ["--as", "-x"],
      ["--rewind", "-n", "1", "x"],
    ]
    for words in contradictions { #expect(try await Command.heddle(["recv"] + words, at: place).status == 2) }
    #expect(try await Command.heddle("recv", at: "/nowhere/s.sock").status == 6)
    // That it says so in its environment does not make it one.
    let liar = try await Command.run(
      URL(filePath: Self.heddle),
      ["recv", "--try"],
      environment: ["HEDDLE_SOCKET": place, "HEDDLE_ID": "1", "HEDDLE_NAME": "x"]
    )
    #expect(liar.status == 2)
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test(
    "every process of a thread's tree is a part of it, on each rung, whatever it has left",
    arguments: Rung.allCases
  )
  func tree(rung: Rung) async throws {
    let daemon: DaemonProcess
    do { daemon = try DaemonProcess(containment: rung.rawValue) } catch {
      try Test.cancel("this machine has not the rung \(rung)")
    }
    let place = daemon.socketPath
    // A child, one in a session of its own, and one whose parents are all gone, which outlives the program.
    let script = """
      "$0" recv
      setsid -w "$0" recv
      setsid sh -c '("$0" recv; "$0" recv) &' "$0" &
      """
    try await Self.start("tree", script, ["--linger"], at: place)
    try await Self.start("other", "sleep 1000", at: place)
    _ = try await Command.heddle("send", "other", "not for tree", at: place)
    for number in 1...3 { _ = try await Command.heddle("send", "tree", "\(number)", at: place) }
    // The program has exited, and only the orphan is left.
    while try await Command.heddle("logs", "tree", at: place).output != "1\n2\n3\n" {}
    _ = try await Command.heddle("send", "tree", "4", at: place)
    #expect(try await Self.output(of: "tree", at: place) == "1\n2\n3\n4\n")
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("a suspended thread's mail waits, also where one of its processes waits for it, until it is resumed")
  func suspended() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    try await Self.start("inbox", #"echo ready; "$0" recv"#, at: place)
    while try await Command.heddle("logs", "inbox", at: place).output.isEmpty {}
    _ = try await Command.heddle("suspend", "inbox", at: place)
    _ = try await Command.heddle("send", "inbox", "late", at: place)
    #expect(try await Command.heddle("sync", "dead:inbox", "timer:200ms", at: place).output == "timer:200ms\n")
    #expect(try await Command.heddle("ps", "inbox", at: place).output.contains("suspended"))
    _ = try await Command.heddle("resume", "inbox", at: place)
    #expect(try await Self.output(of: "inbox", at: place) == "ready\nlate\n")
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("a message that was received and not printed is received again")
  func interrupted() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    // Nobody reads the first one's output: SIGPIPE, or its like.
    let script = #"("$0" recv; echo $? >&2) | true; "$0" recv; "$0" recv --try"#
    _ = try await Command.heddle("run", "-d", "--name", "gate", "--", "sleep", "1000", at: place)
    try await Self.start("inbox", #""$0" sync dead:gate >/dev/null; "# + script, at: place)
    _ = try await Command.heddle("send", "inbox", "precious", at: place)
    _ = try await Command.heddle("kill", "gate", at: place)
    #expect(try await Self.output(of: "inbox", at: place).split(separator: "\n").last == "precious")
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("recv --as is a thread while it runs: listed, suspended, and counted when it ends")
  func asThread() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    async let inbox = Command.heddle("recv", "--as", "inbox", "-n", "2", at: place)
    while try await Command.heddle("ps", "inbox", at: place).status != 0 {}
    let listed = try await Command.heddle("ps", "inbox", at: place).output
    #expect(listed.contains("/session-"))
    let second = try await Command.heddle("recv", "--as", "inbox", at: place)
    #expect(second.status == 7)
    #expect(second.errors.contains("is not dead"))
    #expect(try await Command.heddle("suspend", "inbox", at: place).status == 0)
    for message in ["1", "2", "3"] { _ = try await Command.heddle("send", "inbox", message, at: place) }
    #expect(try await Command.heddle("ps", "inbox", at: place).output.contains("suspended"))
    _ = try await Command.heddle("resume", "inbox", at: place)
    let received = try await inbox
    #expect(received.status == 0)
    #expect(received.output == "1\n2\n")
    let dead = try await Command.heddle("wait", "inbox", "--json", at: place)
    #expect(dead.status == 0)
    #expect(dead.output.contains(#""unread_mail":1"#), "\(dead.output)")
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("who ends a recv --as is told to it, and it exits as it was ended; the end of its mail ends it, too")
  func endedThread() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    for (words, reason, status) in [
      (["kill", "inbox"], "was killed by pid", 128 + SIGKILL), (["stop", "inbox"], "a break of pid", 128 + SIGTERM),
    ] {
      async let inbox = Command.heddle("recv", "--as", "inbox", "--follow", at: place)
      while try await !Command.heddle("ps", at: place).output.contains("inbox") {}
      #expect(try await Command.heddle(words, at: place).status == 0)
      let run = try await inbox
      #expect(run.status == status)
      #expect(run.errors.contains(reason), "\(run.errors)")
    }
    async let ended = Command.heddle("recv", "--as", "inbox", "--follow", at: place)
    while try await !Command.heddle("ps", at: place).output.contains("inbox") {}
    _ = try await Command.heddle("send", "inbox", "--end", "last", at: place)
    let run = try await ended
    #expect(run.status == 0)
    #expect(run.output == "last\n")
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("send --try does not wait for room, send --require-running not for a resumption")
  func sending() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    try await Self.start("small", "sleep 1000", ["--mailbox", "2"], at: place)
    #expect(try await Command.heddle("send", "small", "--try", "1", at: place).status == 0)
    let full = try await Command.heddle("send", "small", "--try", "--lines", at: place, input: "2\n3\n4\n")
    #expect(full.status == 7)
    #expect(
      full.errors.contains("send line 2 to small: its mailbox is full, and the line before was sent"),
      "\(full.errors)"
    )
    #expect(try await Command.heddle("send", "small", "--timeout", "20ms", "3", at: place).status == 124)
    try await Self.start("large", "sleep 1000", ["--mailbox", "unlimited,1GiB"], at: place)
    #expect(try await Command.heddle("send", "large", "--require-running", "-", at: place, input: "x").status == 0)
    _ = try await Command.heddle("suspend", "large", at: place)
    let suspended = try await Command.heddle("send", "large", "--require-running", "y", at: place)
    #expect(suspended.status == 7)
    #expect(suspended.errors.contains("it is suspended"))
    #expect(try await Command.heddle("send", "large", "y", at: place).status == 0)
    for wrong in ["0", "x", "1,2", "1,2,3", "8MB", "", ","] {
      #expect(try await Command.heddle("run", "-d", "--mailbox", wrong, "--", "true", at: place).status == 2)
    }
    #expect(try await Command.heddle("run", "-d", "--to-end", "--", "true", at: place).status == 2)
    #expect(try await Command.heddle("run", "-d", "--to", "nobody", "--", "true", at: place).status == 4)
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("a pipeline of three named programs, none of which knows of it, passes a text through to its end")
  func pipeline() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    let lines = ["--channel", "lines"]
    // Far more than the mailboxes hold, so that each has to wait for the next.
    let bounds = ["--mailbox", "16,64KiB"]
    let count = try await Command.heddle(
      ["run", "-d", "--name", "c"] + lines + bounds + ["--", "sort", "-n"],
      at: place
    )
    #expect(count.status == 0, "\(count.errors)")
    let middle =
      ["run", "-d", "--name", "b", "--to", "c", "--to-end"] + lines + bounds + ["--", "awk", "{ print NF }"]
    #expect(try await Command.heddle(middle, at: place).status == 0)
    let first = ["run", "-d", "--name", "a", "--to", "b", "--to-end"] + lines + bounds
    #expect(try await Command.heddle(first + ["--", "awk", "{ print $0, NR }"], at: place).status == 0)
    let text = (1...5_000).map { String(repeating: "word ", count: $0 % 7) }.joined(separator: "\n") + "\n"
    #expect(try await Command.heddle("send", "a", "--lines", "--end", at: place, input: text).status == 0)
    let sorted = (1...5_000).map { $0 % 7 + 1 }.sorted().map { "\($0)\n" }.joined()
    #expect(try await Self.output(of: "c", at: place) == sorted)
    for name in ["a", "b"] { #expect(try await Command.heddle("wait", name, at: place).status == 0) }
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("a reader that is suspended stops its writer, and neither loses a line; one that dies does not")
  func backpressure() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    let reader = ["run", "-d", "--name", "reader", "--channel", "lines", "--mailbox", "8"]
    _ = try await Command.heddle(reader + ["--", "wc", "-l"], at: place)
    _ = try await Command.heddle("suspend", "reader", at: place)
    // More than all pipes and mailboxes on the way hold together.
    let writer = ["run", "-d", "--name", "writer", "--to", "reader", "--to-end", "--", "seq", "1", "100000"]
    _ = try await Command.heddle(writer, at: place)
    #expect(try await Command.heddle("sync", "dead:writer", "timer:300ms", at: place).output == "timer:300ms\n")
    let shown = try await Command.heddle("show", "writer", at: place).output
    #expect(shown.contains("reader, with its end; ") && shown.contains(" lines wait for room"), "\(shown)")
    _ = try await Command.heddle("resume", "reader", at: place)
    #expect(try await Self.output(of: "reader", at: place) == "100000\n")
    _ = try await Command.heddle(reader + ["--", "sleep", "1000"], at: place)
    _ = try await Command.heddle(writer, at: place)
    #expect(try await Command.heddle("sync", "dead:writer", "timer:300ms", at: place).output == "timer:300ms\n")
    _ = try await Command.heddle("kill", "reader", at: place)
    #expect(try await Command.heddle("wait", "writer", at: place).status == 0)
    #expect(daemon.log.contains("sends nothing on to thread reader"))
    #expect(daemon.end(SIGTERM) == 0)
  }
}
