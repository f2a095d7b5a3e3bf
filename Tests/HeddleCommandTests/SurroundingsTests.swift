import Foundation
import HeddleClient
import HeddleLoop
import HeddleModel
import HeddleWire
import Testing

@testable import heddle

@Suite("Where the socket is")
struct SocketPathTests {
  @Test(
    "a flag comes first, then the variable, then the user's directories",
    arguments: [
      ("/f", ["HEDDLE_SOCKET": "/v"], 1_000, "/f"),
      (nil, ["HEDDLE_SOCKET": "/v", "XDG_RUNTIME_DIR": "/run/user/1000"], 1_000, "/v"),
      (nil, ["XDG_RUNTIME_DIR": "/run/user/1000"], 1_000, "/run/user/1000/heddle/default.sock"),
      (nil, ["XDG_RUNTIME_DIR": "/run/user/0"], 0, "/run/user/0/heddle/default.sock"),
      (nil, [:], 0, "/run/heddle/default.sock"),
      (nil, ["TMPDIR": "/t"], 1_000, "/t/heddle-1000/default.sock"),
      (nil, [:], 1_000, "/tmp/heddle-1000/default.sock"),
    ] as [(String?, [String: String], UInt32, String)]
  )
  func order(flag: String?, variables: [String: String], user: UInt32, path: String) {
    let socket = SocketPath(flag: flag, userID: user) { variables[$0] }
    #expect(socket.text == path)
    #expect(socket.isDefault == path.hasSuffix("default.sock"))
  }

  @Test("heddle's own directory is trusted when it is its owner's alone")
  func directory() throws {
    let parent = NSTemporaryDirectory() + "heddle-\(UUID().uuidString.prefix(8))"
    let socket = SocketPath(text: parent + "/default.sock", isDefault: true)
    #expect(socket.directory == parent)
    try socket.checkDirectory()
    try FileManager.default.createDirectory(
      atPath: parent,
      withIntermediateDirectories: false,
      attributes: [.posixPermissions: 0o700]
    )
    defer { try? FileManager.default.removeItem(atPath: parent) }
    try socket.checkDirectory()
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: parent)
    let failure = #expect(throws: Failure.self) { try socket.checkDirectory() }
    #expect(failure?.status == .permission)
    #expect(failure?.sentence.contains("its mode is 755") == true)
  }

  @Test("a link to a directory, and another user's directory, are not trusted")
  func foreign() throws {
    let path = NSTemporaryDirectory() + "heddle-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/tmp")
    defer { try? FileManager.default.removeItem(atPath: path) }
    let socket = SocketPath(text: path + "/default.sock", isDefault: true)
    #expect(throws: Failure.self) { try socket.checkDirectory() }
    var status = stat()
    try #require(unsafe lstat("/", &status) == 0)
    #expect(SocketPath.distrust(status, userID: 4_321) == "it belongs to user \(status.st_uid)")
  }
}

@Suite("What a program inherits")
struct CallerStateTests {
  @Test("the umask is read from the kernel's text")
  func umask() throws {
    #expect(CallerState.umask(inStatus: "Name:\tx\nUmask:\t0027\nState:\tR") == 0o027)
    #expect(CallerState.umask(inStatus: "Name:\tx\n") == nil)
    let mask = Glibc.umask(0)
    _ = Glibc.umask(mask)
    #expect(try CallerState().umask == mask)
  }

  @Test("variables are passed on byte for byte, but for heddle's own and for what is none")
  func environment() {
    let environ: [UInt8] = Array("A=b=c\0HEDDLE_NAME=x\0E=\0=odd\0nothing\0B=".utf8) + [0xFF, 0]
    #expect(CallerState.inherited(from: environ) == [Array("A=b=c".utf8), Array("E=".utf8), Array("B=".utf8) + [0xFF]])
    #expect(CallerState.inherited(from: []) == [])
  }

  @Test("the directory is this process's")
  func directory() throws {
    #expect(try CallerState().directory == Array(FileManager.default.currentDirectoryPath.utf8))
  }
}

@Suite("Lines as messages")
struct LineCutterTests {
  @Test("lines come out whole, however the bytes were cut", arguments: 1...9)
  func pieces(size: Int) throws {
    let bytes = Array("one\n\ntwo two\nthree".utf8)
    var cutter = LineCutter(bytesMax: 100)
    var lines: [[UInt8]] = []
    for start in stride(from: 0, to: bytes.count, by: size) {
      lines += try cutter.lines(in: Array(bytes[start..<min(start + size, bytes.count)]))
    }
    #expect(lines == ["one", "", "two two"].map { Array($0.utf8) })
    #expect(cutter.end() == Array("three".utf8))
    #expect(cutter.end() == nil)
    #expect(cutter.count == 4)
  }

  @Test("a line that is too long is refused by its number")
  func tooLong() throws {
    var cutter = LineCutter(bytesMax: 3)
    #expect(try cutter.lines(in: Array("abc\n".utf8)).count == 1)
    let failure = #expect(throws: Failure.self) { try cutter.lines(in: Array("abcd".utf8)) }
    #expect(failure?.sentence.hasPrefix("cannot send line 2: ") == true)
  }
}

@Suite("How it ends")
struct FailureTests {
  private static let socket = SocketPath(text: "/s", isDefault: true)

  private func connectFailure(_ code: Int32) -> ClientError {
    .connectFailed(socketPath: "/s", LoopError(code: code, attempt: "connect to /s"))
  }

  @Test("without a daemon the sentence names the socket and how to start one")
  func noDaemon() {
    let refused = Failure(connectFailure(ECONNREFUSED), at: Self.socket)
    #expect(refused.sentence == "no daemon at /s (connection refused). Start one: heddle daemon")
    #expect(refused.status == .unreachable && refused.isNoDaemon)
    let named = SocketPath(text: "/s", isDefault: false)
    #expect(Failure(connectFailure(ENOENT), at: named).sentence.hasSuffix("heddle daemon --socket /s"))
    let forbidden = Failure(connectFailure(EACCES), at: named)
    #expect(forbidden.status == .permission && !forbidden.isNoDaemon)
  }

  @Test("a refusal keeps its words, and says what the system calls its error")
  func refusal() {
    let refusal = WireRefusal(
      .cannotStart,
      attempted: "start",
      subject: "x",
      reason: "exec failed",
      advice: "look",
      errorNumber: ENOENT
    )
    #expect(Failure(refusal).sentence == "cannot start x: exec failed (No such file or directory); look")
  }

  @Test(
    "the exit status says what kind of refusal it was",
    arguments: [
      (RefusalCode.noSuchThread, 4), (.gone, 4), (.noSuchCustodian, 4), (.permission, 5), (.nameTaken, 7),
      (.mailboxFull, 7), (.custodianShutDown, 7), (.dead, 7), (.alreadyNesting, 7), (.notInThread, 2), (.badRequest, 1),
      (.cannotStart, 1), (.limits, 125), (.timedOut, 124), (.endedEarly, 125),
    ] as [(RefusalCode, Int32)]
  )
  func status(code: RefusalCode, status: Int32) {
    #expect(ExitStatus(code).rawValue == status)
  }

  @Test(
    "a wait exits as the program did",
    arguments: [
      (DeathCause.exited(code: 3), 3), (.signalled(number: 15, coreDumped: false), 143),
      (.failedToStart(errorNumber: ENOENT, stage: "exec"), 127),
      (.failedToStart(errorNumber: EACCES, stage: "exec"), 126), (.killed(by: "x"), 137),
      (.custodianShutDown(.main), 137), (.daemonEnded, 137),
    ] as [(DeathCause, Int32)]
  )
  func wait(cause: DeathCause, status: Int32) {
    #expect(WaitCommand.status(of: cause).rawValue == status)
  }

  @Test("a benefactor with a slash is a custodian, one without is a thread")
  func benefactor() throws {
    #expect(try Targets.benefactor("/main").benefactor == .custodian(.main))
    #expect(try Targets.benefactor("@/main").benefactor == .custodian(.main))
    #expect(try Targets.custodian("@job") == Targets.custodian("job"))
    #expect(try Targets.benefactor("id:7f3a").benefactor == .thread(.id(Samples.id)))
    #expect(throws: (any Error).self) { try Targets.benefactor("a b") }
  }
}
