import Foundation
import HeddleMessages
import HeddleModel
import HeddleWire
import SwiftProtobuf
import Testing

@Suite("A body that is not what its kind says")
struct DecodingErrorTests {
  /// The error of decoding the request that `fill` makes.
  private func error(_ fill: (inout ProtoRequest) -> Void) throws -> WireDecodingError? {
    var proto = ProtoRequest()
    fill(&proto)
    let body: [UInt8] = try proto.serializedBytes()
    return #expect(throws: WireDecodingError.self) { try Request(decoding: body) }
  }

  /// The same, of a spawn that is right but for what `spoil` does to it.
  private func spawnError(_ spoil: (inout ProtoSpawn) -> Void) throws -> WireDecodingError? {
    try error {
      $0.spawn.inCustodian = ""
      $0.spawn.argv = [.init("true".utf8)]
      $0.spawn.cwd = .init("/".utf8)
      spoil(&$0.spawn)
    }
  }

  @Test("that is no protobuf is told by the message that it is not")
  func malformed() {
    #expect(throws: WireDecodingError.malformed(message: "Request")) { try Request(decoding: [0xFF]) }
    #expect(throws: WireDecodingError.malformed(message: "Reply")) { try Reply(decoding: [0x0A, 5]) }
  }

  @Test("an empty message is told by what it lacks")
  func empty() {
    #expect(throws: WireDecodingError.missing(field: "request.command")) { try Request(decoding: []) }
    #expect(throws: WireDecodingError.missing(field: "reply.reply")) { try Reply(decoding: []) }
    #expect(throws: WireDecodingError.missing(field: "notice.notice")) { try Notice(decoding: []) }
    #expect(throws: WireDecodingError.missing(field: "hello.version_min")) { try Hello(decoding: []) }
    #expect(throws: WireDecodingError.missing(field: "welcome.version")) { try Welcome(decoding: []) }
  }

  @Test("a command of a later version is named by its number, whatever stands before it")
  func unknownCommand() throws {
    // Field 5 = "ab", field 1000 = "" (both unknown); tags are number << 3 | 2.
    let body: [UInt8] = [5 << 3 | 2, 2, 0x61, 0x62, 0xC2, 0x3E, 0]
    let error = #expect(throws: WireDecodingError.unknownCommand(number: 1_000)) { try Request(decoding: body) }
    #expect(error.map(WireRefusal.init)?.code == .unknownRequest)
    #expect(error.map(WireRefusal.init)?.description == "cannot read a request: command 1000 is unknown")
  }

  @Test("an unknown field below the commands is no command")
  func unknownField() {
    #expect(throws: WireDecodingError.missing(field: "request.command")) { try Request(decoding: [5 << 3 | 0, 1]) }
  }

  @Test("an unknown field beside a known command is no error")
  func unknownFieldBeside() throws {
    #expect(try Request(decoding: Request(.barrier).encoded() + [5 << 3 | 0, 1]) == Request(.barrier))
  }

  @Test("a thread has to be named, by an id other than 0 or by a good name")
  func references() throws {
    #expect(try error { $0.find = .init() } == .missing(field: "find.thread"))
    #expect(try error { $0.kill.thread.id = 0 } == .outOfRange(field: "kill.thread.id", number: 0))
    #expect(try error { $0.wait.thread.name = "a b" } == .name(field: "wait.thread.name", .character(" ", offset: 1)))
  }

  @Test("a bad path is told with its place")
  func paths() throws {
    #expect(
      try error { $0.custodianNew.path = "a//b" } == .path(field: "custodian_new.path", .component(.empty, offset: 2))
    )
    let wrong = try error {
      $0.asCustodian = "/-"; $0.barrier = .init()
    }
    #expect(wrong == .path(field: "request.as_custodian", .component(.leadingHyphen, offset: 1)))
  }

  @Test("an empty path is /main, a relative one is below it")
  func relativePaths() throws {
    var proto = ProtoRequest()
    proto.custodianTree = .init()
    #expect(try Request(decoding: proto.serializedBytes()).command == .custodianTree(.main))
    proto.custodianTree.path = "job"
    #expect(try Request(decoding: proto.serializedBytes()).command == .custodianTree(Samples.job))
  }

  @Test("an enumeration's value is told by its number")
  func enumerations() throws {
    let missing = try error { $0.breakThread.thread.id = 1 }
    #expect(missing == .missing(field: "break.kind"))
    let unknown = try error {
      $0.breakThread.thread.id = 1; $0.breakThread.kind = .UNRECOGNIZED(300)
    }
    #expect(unknown == .unknownValue(field: "break.kind", number: 300))
    #expect(try spawnError { $0.channel = .UNRECOGNIZED(9) } == .unknownValue(field: "spawn.channel", number: 9))
  }

  @Test("a spawn is what the system calls take, or refused")
  func spawns() throws {
    #expect(try spawnError { $0.argv = [] } == .missing(field: "spawn.argv"))
    #expect(try spawnError { $0.argv = [.init()] } == .missing(field: "spawn.argv"))
    #expect(try spawnError { $0.umask = 0o1000 } == .outOfRange(field: "spawn.umask", number: 0o1000))
    let both = try spawnError {
      $0.nested = true; $0.suspendToKill = true
    }
    #expect(both == .form(field: "spawn.nested", reason: "a nested thread is not made with suspend_to_kill"))
    let tooMany = UInt64(Int.max) + 1
    #expect(
      try spawnError { $0.mailboxBounds.bytesMax = tooMany }
        == .outOfRange(field: "spawn.mailbox_bounds.bytes_max", number: tooMany)
    )
  }

  @Test("arguments, variables and the directory have their form", arguments: ["a\0b", "=x", "noassignment", ""])
  func forms(text: String) throws {
    let environment = try spawnError { $0.environment = [.init(text.utf8)] }
    #expect(environment == .form(field: "spawn.environment", reason: "a variable is KEY=VALUE without NUL"))
    let directory = try spawnError { $0.cwd = .init(text.utf8) }
    #expect(directory == .form(field: "spawn.cwd", reason: "the directory is an absolute path without NUL"))
    let argument = try spawnError { $0.argv.append(.init("\0".utf8)) }
    #expect(argument == .form(field: "spawn.argv", reason: "an argument has no NUL"))
  }

  @Test("a server has an address, a descriptor that is not a standard stream, and a program without a channel")
  func servers() throws {
    func serveError(_ spoil: (inout ProtoServe) -> Void) throws -> WireDecodingError? {
      try error {
        $0.serve.program.argv = [.init("true".utf8)]
        $0.serve.program.cwd = .init("/".utf8)
        $0.serve.address.internet.port = 7_000
        spoil(&$0.serve)
      }
    }
    #expect(try serveError { $0.clearAddress() } == .missing(field: "serve.address"))
    let port = try serveError { $0.address.internet.port = 65_536 }
    #expect(port == .outOfRange(field: "serve.address.internet.port", number: 65_536))
    for path in ["relative", "/a\0b", "/" + String(repeating: "a", count: 107)] {
      let unix = try serveError { $0.address.unix = .init(path.utf8) }
      #expect(
        unix == .form(field: "serve.address.unix", reason: "it is an absolute path of at most 107 bytes, no NUL")
      )
    }
    for number in [1, 2, 256] as [UInt32] {
      let descriptor = try serveError { $0.descriptor = number }
      #expect(descriptor == .outOfRange(field: "serve.descriptor", number: UInt64(number)))
    }
    let channel = try serveError { $0.program.channel = .lines }
    let reason = "a connection's program has no channel, and nothing that comes with one"
    #expect(channel == .form(field: "serve.program", reason: reason))
  }

  @Test("a server that says little gets the usual")
  func usualServer() throws {
    var proto = ProtoRequest()
    proto.serve.program.argv = [.init("true".utf8)]
    proto.serve.program.cwd = .init("/".utf8)
    proto.serve.address.internet.port = 7_000
    let body: [UInt8] = try proto.serializedBytes()
    guard case .serve(let serve) = try Request(decoding: body).command else {
      Issue.record("it is no serve")
      return
    }
    #expect(serve.connectionsMax == 256)
    #expect(serve.backlog == 1_024)
    #expect(serve.descriptor == nil)
    #expect(serve.connectionTimeout == nil)
  }

  @Test("a spawn that says little gets the usual")
  func usual() throws {
    var proto = ProtoRequest()
    proto.spawn.inCustodian = ""
    proto.spawn.argv = [.init("true".utf8)]
    proto.spawn.cwd = .init("/".utf8)
    let expected = Spawn(argv: [Samples.bytes("true")], cwd: Samples.bytes("/"))
    #expect(try Request(decoding: proto.serializedBytes()).command == .spawn(expected))
    #expect(expected.umask == 0o022 && expected.custodian == .main && expected.channel == .none)
  }

  @Test("a spawn that names no custodian is one for the session's, and a custodian may be named by a name alone")
  func session() throws {
    var proto = ProtoRequest()
    proto.spawn.argv = [.init("true".utf8)]
    proto.spawn.cwd = .init("/".utf8)
    let expected = Spawn(in: nil, argv: [Samples.bytes("true")], cwd: Samples.bytes("/"))
    #expect(try Request(decoding: proto.serializedBytes()).command == .spawn(expected))
    #expect(
      try error { $0.custodianNew.name = "a/b" } == .name(field: "custodian_new.name", .character("/", offset: 1))
    )
  }

  @Test("a stream is of a thread or of a spawn, and of a kind; an event is of a thread and of a kind")
  func streams() throws {
    var attach = ProtoAttach()
    #expect(throws: WireDecodingError.missing(field: "attach.thread")) {
      try Attach(decoding: attach.serializedBytes())
    }
    attach.spawnRequest = 0
    #expect(throws: WireDecodingError.missing(field: "attach.thread")) {
      try Attach(decoding: attach.serializedBytes())
    }
    attach.spawnRequest = 7
    #expect(throws: WireDecodingError.missing(field: "attach.stream")) {
      try Attach(decoding: attach.serializedBytes())
    }
    #expect(throws: WireDecodingError.outOfRange(field: "attached.thread", number: 0)) { try Attached(decoding: []) }
    #expect(throws: WireDecodingError.outOfRange(field: "state_event.thread", number: 0)) {
      try StateEvent(decoding: [])
    }
    #expect(try error { $0.event.thread.id = 1 } == .missing(field: "event.kind"))
  }

  @Test("a living thread with a death record is no thread, nor is a dead one without")
  func deathRecords() throws {
    let reason = "a thread has a death record when it is dead, and only then"
    var proto = ProtoReply()
    proto.thread.id = 1
    proto.thread.state = .dead
    #expect(throws: WireDecodingError.form(field: "thread.death", reason: reason)) {
      try Reply(decoding: proto.serializedBytes())
    }
    proto.thread.state = .running
    proto.thread.death.cause.daemonEnded = .init()
    #expect(throws: WireDecodingError.form(field: "thread.death", reason: reason)) {
      try Reply(decoding: proto.serializedBytes())
    }
  }

  @Test("a refusal with a code of a later version is still a refusal")
  func laterCode() throws {
    var proto = ProtoRefusal()
    proto.code = .UNRECOGNIZED(9_999)
    proto.reason = "of a later day"
    let refusal = try WireRefusal(decoding: proto.serializedBytes())
    #expect(refusal.code == .unspecified && refusal.reason == "of a later day")
  }

  @Test("versions are a range from 1, and a body limit is one that two ends can agree on")
  func handshake() throws {
    var proto = ProtoHello()
    proto.versionMin = 2
    proto.versionMax = 1
    #expect(throws: WireDecodingError.outOfRange(field: "hello.version_max", number: 1)) {
      try Hello(decoding: proto.serializedBytes())
    }
    proto.versionMax = 5
    #expect(try Hello(decoding: proto.serializedBytes()).bodyMax == BodyLimit.usual)
    #expect(try Hello(decoding: proto.serializedBytes()).sharedVersion(with: 1...3) == 3)
    #expect(try Hello(decoding: proto.serializedBytes()).sharedVersion(with: 1...1) == nil)
    for bodyMax in [4_095, 16 << 20 | 1] as [UInt32] {
      proto.bodyMax = bodyMax
      #expect(throws: WireDecodingError.outOfRange(field: "hello.body_max", number: UInt64(bodyMax))) {
        try Hello(decoding: proto.serializedBytes())
      }
    }
  }
}
