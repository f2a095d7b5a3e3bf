package import HeddleModel

/// What the keeper tells the daemon. `Sources/HeddleKeeper/protocol.h` says when.
package enum KeeperReport: Equatable, Sendable {
  /// The first report.
  case hello(version: UInt32, buildID: String, Containment)
  /// Instead of a hello: the containment that was asked for can't be had, and the keeper exits.
  case unusable(reason: String)
  /// The program runs, below its warden, which is 0 where there is none. So many descriptors came with this frame: the
  /// write end of standard input if it is a pipe, the read ends of standard output and standard error, the channel if it
  /// has one.
  case started(ThreadID, pid: Int32, warden: Int32 = 0, descriptors: Int)
  /// The last report about this entity: nothing of it remains.
  case startFailed(ThreadID, errno: Int32, KeeperStage)
  /// Every process of the tree was seen stopped.
  case suspended(ThreadID, generation: UInt64)
  /// It is not suspended any more. If it is fenced it stands still all the same.
  case resumed(ThreadID, generation: UInt64)
  /// The program was reaped; its tree may live on.
  case exited(ThreadID, ProgramEnd)
  /// The last report about an entity that started: no process of its tree is left.
  case empty(ThreadID, Stragglers)
  /// The deadline that was armed has passed, and all guarded trees were told to stop. Once for each `armFence` whose deadline
  /// passes before the next one comes.
  case fenced
  /// We broke the protocol; the keeper ends all trees, reports that, and exits.
  case fault(reason: String)
}

/// How the keeper holds process trees together.
package struct Containment: Equatable, Codable, Sendable {
  /// The rung of the ladder: "cgroup", "pidns" or "subreaper".
  package var rung: String
  /// The directory whose `cgroup.kill` ends all trees, should the keeper be gone; empty when nothing is to be done then.
  package var place: String
  /// Why better rungs were passed over, as a clause; empty when none was.
  package var reasons: String
  package init(rung: String, place: String = "", reasons: String = "") {
    self.rung = rung
    self.place = place
    self.reasons = reasons
  }
}

/// Where a start failed.
package enum KeeperStage: UInt8, Sendable {
  /// Making the descriptors.
  case pipe = 1
  /// Forking the warden, making its namespace, or the warden was killed meanwhile.
  case warden = 2
  /// Forking the program.
  case fork = 3
  /// Session, privileges, death signal.
  case setup = 4
  case changeDirectory = 5
  case execute = 6
  case limits = 7
}

/// How a program ended.
package enum ProgramEnd: Equatable, Codable, Sendable {
  case exit(code: Int32)
  case signal(Int32, coreDumped: Bool)
  /// Its warden was killed after it had reaped the program and before it could say how that ended.
  case lost
}

/// The processes besides the program that were killed when a tree was ended.
package struct Stragglers: Equatable, Codable, Sendable {
  package struct Process: Equatable, Codable, Sendable {
    package var pid: Int32
    /// The kernel's name of it, at most 15 bytes; what is not UTF-8 is replaced.
    package var name: String
    /// It had left the program's session, as a daemon does.
    package var inOtherSession: Bool
    package init(pid: Int32, name: String, inOtherSession: Bool) {
      self.pid = pid
      self.name = name
      self.inOtherSession = inOtherSession
    }
  }
  /// How many there were.
  package var total: Int
  /// The first of them, in the order in which they were reaped; at most 64.
  package var named: [Process]
  package init(total: Int, named: [Process]) {
    self.total = total
    self.named = named
  }
}

/// Why the keeper's bytes are no report. Nothing can be read after it: the keeper is not ours, or not sane.
package enum KeeperReportError: Error, Equatable {
  /// The declared length exceeds any report's, or holds no kind. Both figures are in bytes.
  case badLength(declared: Int, limit: Int)
  case unknownKind(UInt8)
  /// A field goes beyond its frame.
  case truncated(kind: UInt8)
  /// The frame is longer than its fields.
  case trailingBytes(kind: UInt8, count: Int)
  /// A field has a value that the protocol does not give it.
  case unknownValue(kind: UInt8)
}

/// Turns the keeper's byte stream into reports, however the stream was cut. Holds less than one frame when it is drained.
package struct KeeperReportReader {
  private var buffer: [UInt8] = []
  /// Where in `buffer` the next frame begins.
  private var next = 0
  package init() {}

  package mutating func append(_ bytes: some Collection<UInt8>) {
    buffer.removeFirst(next)
    next = 0
    buffer += bytes
  }

  /// The next report; nil until more bytes come.
  package mutating func nextReport() throws(KeeperReportError) -> KeeperReport? {
    guard buffer.count - next >= 4 else { return nil }
    var length = 0
    for index in 0..<4 { length |= Int(buffer[next + index]) << (8 * index) }
    let limit = KeeperProtocol.reportBytesMax - 4
    guard (1...limit).contains(length) else { throw .badLength(declared: length, limit: limit) }
    guard buffer.count - next - 4 >= length else { return nil }
    let start = next + 4
    next = start + length
    var fields = KeeperFields(kind: buffer[start], rest: buffer[(start + 1)..<next])
    let report = try KeeperReport(&fields)
    guard fields.rest.isEmpty else { throw .trailingBytes(kind: fields.kind, count: fields.rest.count) }
    return report
  }
}

extension KeeperReport {
  fileprivate init(_ fields: inout KeeperFields) throws(KeeperReportError) {
    switch fields.kind {
    case 0x81:
      self = .hello(version: try fields.u32(), buildID: try fields.string(), try fields.containment())
    case 0x82:
      let (entity, pid, warden) = (try fields.entity(), try fields.i32(), try fields.i32())
      self = .started(entity, pid: pid, warden: warden, descriptors: Int(try fields.u8()))
    case 0x83:
      let entity = try fields.entity()
      let errno = try fields.i32()
      guard let stage = KeeperStage(rawValue: try fields.u8()) else { throw .unknownValue(kind: fields.kind) }
      self = .startFailed(entity, errno: errno, stage)
    case 0x84: self = .suspended(try fields.entity(), generation: try fields.integer())
    case 0x85: self = .resumed(try fields.entity(), generation: try fields.integer())
    case 0x86: self = .exited(try fields.entity(), try fields.end())
    case 0x87: self = .empty(try fields.entity(), try fields.stragglers())
    case 0x88: self = .fault(reason: try fields.string())
    case 0x89: self = .unusable(reason: try fields.string())
    case 0x8A: self = .fenced
    default: throw .unknownKind(fields.kind)
    }
  }
}

/// The fields of one frame, taken front to back.
private struct KeeperFields {
  let kind: UInt8
  var rest: ArraySlice<UInt8>

  mutating func integer<Value: FixedWidthInteger & UnsignedInteger>() throws(KeeperReportError) -> Value {
    let width = Value.bitWidth / 8
    guard rest.count >= width else { throw .truncated(kind: kind) }
    var value: Value = 0
    for byte in rest.prefix(width).reversed() { value = (value << 7) << 1 | Value(byte) }
    rest.removeFirst(width)
    return value
  }

  mutating func u8() throws(KeeperReportError) -> UInt8 { try integer() }
  mutating func u32() throws(KeeperReportError) -> UInt32 { try integer() }
  mutating func i32() throws(KeeperReportError) -> Int32 { Int32(bitPattern: try integer()) }
  mutating func entity() throws(KeeperReportError) -> ThreadID { ThreadID(rawValue: try integer()) }

  mutating func flag() throws(KeeperReportError) -> Bool {
    switch try u8() {
    case 0: return false
    case 1: return true
    default: throw .unknownValue(kind: kind)
    }
  }

  mutating func string() throws(KeeperReportError) -> String {
    let length = Int(try u32())
    guard rest.count >= length else { throw .truncated(kind: kind) }
    defer { rest.removeFirst(length) }
    return String(decoding: rest.prefix(length), as: UTF8.self)
  }

  mutating func containment() throws(KeeperReportError) -> Containment {
    Containment(rung: try string(), place: try string(), reasons: try string())
  }

  mutating func end() throws(KeeperReportError) -> ProgramEnd {
    let end = try u8()
    let code = try i32()
    let core = try flag()
    switch (end, core) {
    case (0, false): return .exit(code: code)
    case (1, _): return .signal(code, coreDumped: core)
    case (2, false): return .lost
    default: throw .unknownValue(kind: kind)
    }
  }

  mutating func stragglers() throws(KeeperReportError) -> Stragglers {
    var stragglers = Stragglers(total: Int(try u32()), named: [])
    for _ in 0..<(try u32()) {
      stragglers.named.append(.init(pid: try i32(), name: try string(), inOtherSession: try flag()))
    }
    return stragglers
  }
}
