import HeddleModel
import HeddleWire
import Supervision
import Testing

private let seven = ThreadID(rawValue: 7)

@Suite("The keeper's protocol") struct KeeperProtocolTests {
  @Test("a start is laid out as protocol.h says")
  func startBytes() throws {
    var program = KeeperProgram(
      arguments: [Array("ls".utf8), []],
      environment: [Array("A=b".utf8)],
      directory: Array("/".utf8),
      standardInput: .pipe
    )
    program.lingers = true
    program.umask = 0o077
    program.limits.processes = 258
    let fields: [UInt8] =
      [0x01] + [7, 0, 0, 0, 0, 0, 0, 0] + [1, 1, 0] + [0x3F, 0, 0, 0]
      + [1, 0, 0, 0] + Array("/".utf8)
      + [2, 0, 0, 0] + [2, 0, 0, 0] + Array("ls".utf8) + [0, 0, 0, 0]
      + [1, 0, 0, 0] + [3, 0, 0, 0] + Array("A=b".utf8)
      + [1, 0, 0, 0] + [2] + [2, 1, 0, 0, 0, 0, 0, 0]
    #expect(try KeeperRequest.start(seven, program).encoded() == [UInt8(fields.count), 0, 0, 0] + fields)
  }

  @Test("a start with a connection says which descriptor it is to be", arguments: [(nil, 1), (3, 3), (255, 255)])
  func connectionBytes(descriptor: Int?, byte: UInt8) throws {
    var program = KeeperProgram(arguments: [[65]], environment: [], directory: [47])
    program.connection = KeeperProgram.Connection(socket: SocketID(rawValue: 9), descriptor: descriptor)
    #expect(try KeeperRequest.start(seven, program).encoded()[13...15] == [0, 0, byte])
  }

  @Test("a guarded start says so in its flags")
  func guardedBytes() throws {
    var program = KeeperProgram(arguments: [[65]], environment: [], directory: [47])
    program.lingers = true
    program.isGuarded = true
    #expect(try KeeperRequest.start(seven, program).encoded()[13...15] == [0, 9, 0])
  }

  @Test(
    "an order is laid out as protocol.h says",
    arguments: [
      (
        KeeperRequest.suspend(seven, generation: 258), [17, 0, 0, 0, 2, 7, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0]
      ),
      (.resume(seven, generation: 1), [17, 0, 0, 0, 3, 7, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]),
      (.signal(seven, 15), [13, 0, 0, 0, 4, 7, 0, 0, 0, 0, 0, 0, 0, 15, 0, 0, 0]),
      (.kill(ThreadID(rawValue: 1 << 63)), [9, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0x80]),
      (.guardThread(seven), [9, 0, 0, 0, 6, 7, 0, 0, 0, 0, 0, 0, 0]),
      (.armFence(Instant(nanoseconds: 258)), [9, 0, 0, 0, 7, 2, 1, 0, 0, 0, 0, 0, 0]),
      (.armFence(nil), [9, 0, 0, 0, 7, 255, 255, 255, 255, 255, 255, 255, 255]),
      (.fence(seven), [9, 0, 0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0]),
      (.unfence(seven), [9, 0, 0, 0, 9, 7, 0, 0, 0, 0, 0, 0, 0]),
    ] as [(KeeperRequest, [UInt8])]
  )
  func orderBytes(request: KeeperRequest, bytes: [UInt8]) throws {
    #expect(try request.encoded() == bytes)
  }

  @Test("what the keeper would refuse is refused before it is sent")
  func refusals() {
    func program(_ arguments: [[UInt8]]) -> KeeperProgram {
      .init(arguments: arguments, environment: [], directory: [47])
    }
    var masked = program([[65]])
    masked.umask = 0o1000
    let long = [UInt8](repeating: 65, count: KeeperProtocol.requestBytesMax)
    #expect(throws: KeeperRequestError.noArguments) { try KeeperRequest.start(seven, program([])).encoded() }
    #expect(throws: KeeperRequestError.zeroByte) { try KeeperRequest.start(seven, program([[65, 0]])).encoded() }
    #expect(throws: KeeperRequestError.noSuchUmask(0o1000)) { try KeeperRequest.start(seven, masked).encoded() }
    #expect(throws: KeeperRequestError.noSuchSignal(65)) { try KeeperRequest.signal(seven, 65).encoded() }
    // Kind, entity, mode, flags, connection, umask, directory, four counts and lengths.
    #expect(throws: KeeperRequestError.tooLong(length: long.count + 37, limit: long.count)) {
      try KeeperRequest.start(seven, program([long])).encoded()
    }
  }

  /// Each kind of report, with its bytes after the length field.
  static let reports: [(KeeperReport, [UInt8])] = [
    (
      .hello(version: 1, buildID: "h", Containment(rung: "sub", place: "/", reasons: "a")),
      [0x81, 1, 0, 0, 0, 1, 0, 0, 0, 104, 3, 0, 0, 0, 115, 117, 98, 1, 0, 0, 0, 47, 1, 0, 0, 0, 97]
    ),
    (
      .started(seven, pid: 513, warden: 258, descriptors: 3),
      [0x82, 7, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 2, 1, 0, 0, 3]
    ),
    (.startFailed(seven, errno: 2, .execute), [0x83, 7, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 6]),
    (.suspended(seven, generation: 9), [0x84, 7, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0]),
    (.resumed(seven, generation: 1 << 56), [0x85, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
    (.exited(seven, .exit(code: 42)), [0x86, 7, 0, 0, 0, 0, 0, 0, 0, 0, 42, 0, 0, 0, 0]),
    (.exited(seven, .signal(11, coreDumped: true)), [0x86, 7, 0, 0, 0, 0, 0, 0, 0, 1, 11, 0, 0, 0, 1]),
    (.exited(seven, .lost), [0x86, 7, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0]),
    (
      .empty(seven, Stragglers(total: 65, named: [.init(pid: 3, name: "sh", inOtherSession: true)])),
      [0x87, 7, 0, 0, 0, 0, 0, 0, 0, 65, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 115, 104, 1]
    ),
    (.fault(reason: "no"), [0x88, 2, 0, 0, 0, 110, 111]),
    (.unusable(reason: "no"), [0x89, 2, 0, 0, 0, 110, 111]),
    (.fenced, [0x8A]),
  ]

  @Test("reports come out whole, however the stream was cut", arguments: 1...12)
  func reportsInPieces(size: Int) throws {
    let stream: [UInt8] = Self.reports.flatMap { pair -> [UInt8] in [UInt8(pair.1.count), 0, 0, 0] + pair.1 }
    var reader = KeeperReportReader()
    var seen: [KeeperReport] = []
    for start in stride(from: 0, to: stream.count, by: size) {
      reader.append(stream[start..<min(start + size, stream.count)])
      while let report = try reader.nextReport() { seen.append(report) }
    }
    #expect(seen == Self.reports.map(\.0))
  }

  @Test("a frame cut anywhere inside its fields is an error, never a report", arguments: reports)
  func truncated(report: KeeperReport, bytes: [UInt8]) {
    for length in 1..<bytes.count {
      var reader = KeeperReportReader()
      reader.append([UInt8(length), 0, 0, 0] + bytes.prefix(length))
      #expect(throws: KeeperReportError.truncated(kind: bytes[0])) { try reader.nextReport() }
    }
  }

  @Test("a frame with a byte too many is an error", arguments: reports)
  func trailing(report: KeeperReport, bytes: [UInt8]) {
    var reader = KeeperReportReader()
    reader.append([UInt8(bytes.count + 1), 0, 0, 0] + bytes + [0])
    #expect(throws: KeeperReportError.trailingBytes(kind: bytes[0], count: 1)) { try reader.nextReport() }
  }

  @Test("a length beyond the longest report is refused before its bytes are awaited")
  func lengthLimit() {
    var reader = KeeperReportReader()
    reader.append([0xFD, 0x0F, 0, 0])
    #expect(throws: KeeperReportError.badLength(declared: 4093, limit: 4092)) { try reader.nextReport() }
  }

  @Test("unknown kinds and values are errors with the kind")
  func unknown() {
    func read(_ bytes: [UInt8]) throws -> KeeperReport? {
      var reader = KeeperReportReader()
      reader.append([UInt8(bytes.count), 0, 0, 0] + bytes)
      return try reader.nextReport()
    }
    #expect(throws: KeeperReportError.unknownKind(0x8B)) { try read([0x8B]) }
    #expect(throws: KeeperReportError.unknownValue(kind: 0x83)) {
      try read([0x83, 7, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 8])
    }
    #expect(throws: KeeperReportError.unknownValue(kind: 0x86)) {
      try read([0x86, 7, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1])
    }
  }
}
