package import HeddleModel
package import HeddleWire

/// What the daemon asks of its keeper. `Sources/HeddleKeeper/protocol.h` says what each does.
package enum KeeperRequest: Equatable, Sendable {
  case start(ThreadID, KeeperProgram)
  case suspend(ThreadID, generation: UInt64)
  case resume(ThreadID, generation: UInt64)
  /// To the program's process group, as long as the program is not reaped.
  case signal(ThreadID, Int32)
  /// The whole tree.
  case kill(ThreadID)
  /// From now on the tree stops at the deadline; at once, if it has passed.
  case guardThread(ThreadID)
  /// The deadline of all guarded trees, of CLOCK_BOOTTIME, clock_gettime(2), also for wardens whose keeper is stopped; nil:
  /// never. Nothing that stands goes on by a later one alone.
  case armFence(Instant?)
  /// The tree stands still from now on, whether it is suspended or not. Has no answer.
  case fence(ThreadID)
  /// Undoes `fence`, and the stop at a deadline. The tree goes on, unless it is suspended, or guarded with the deadline
  /// passed: a later one is to be armed first. Has no answer.
  case unfence(ThreadID)
}

/// What the keeper starts a program with. Strings are bytes: the kernel asks for no encoding.
package struct KeeperProgram: Equatable, Sendable {
  package enum StandardInput: UInt8, Sendable {
    case null = 0
    case pipe = 1
  }

  /// A connection that a server has accepted, and that is the program's from then on.
  package struct Connection: Equatable, Sendable {
    package let socket: SocketID
    /// Which descriptor it is, 3 to 255; nil: it is standard input and standard output.
    package let descriptor: Int?

    package init(socket: SocketID, descriptor: Int? = nil) {
      self.socket = socket
      self.descriptor = descriptor
    }
  }

  package var standardInput: StandardInput
  /// Descriptor 3 is one end of a stream socket pair, whose other comes with the report that it started.
  package var hasChannel = false
  /// It goes to the keeper with the request's first byte. Neither with a pipe nor with a channel.
  package var connection: Connection?
  /// The tree lives on when the program has exited.
  package var lingers = false
  /// As by `guardThread`, from before its first instruction: begun after the deadline, it begins stopped.
  package var isGuarded = false
  /// Executing a setuid program gives its privileges. It also takes such a program out of reach of the death signal.
  package var allowsSetuid = false
  /// At most 0o777.
  package var umask: UInt32 = 0o022
  package var limits = ResourceLimits()
  package var directory: [UInt8]
  /// At least one; the first is looked up in the `PATH` of `environment`, from `directory`.
  package var arguments: [[UInt8]]
  /// "NAME=value" each.
  package var environment: [[UInt8]]

  package init(
    arguments: [[UInt8]],
    environment: [[UInt8]],
    directory: [UInt8],
    standardInput: StandardInput = .null
  ) {
    self.arguments = arguments
    self.environment = environment
    self.directory = directory
    self.standardInput = standardInput
  }
}

/// Why a request can't be sent to the keeper, which would end everything over it.
package enum KeeperRequestError: Error, Equatable {
  /// Arguments and environment exceed what the kernel takes. Both figures are in bytes.
  case tooLong(length: Int, limit: Int)
  /// A directory, argument or environment entry holds a zero byte, where the kernel would end it.
  case zeroByte
  /// There is no program among the arguments.
  case noArguments
  /// Not a signal of Linux, 1 to 64.
  case noSuchSignal(Int32)
  /// Bits beyond 0o777.
  case noSuchUmask(UInt32)
}

extension KeeperRequest {
  /// The request as one frame.
  ///
  /// - Throws: `KeeperRequestError` for what the keeper would refuse.
  package func encoded() throws(KeeperRequestError) -> [UInt8] {
    var frame = KeeperFrameWriter()
    switch self {
    case .start(let entity, let program):
      try program.check()
      frame.begin(0x01, entity)
      program.write(to: &frame)
    case .suspend(let entity, let generation):
      frame.begin(0x02, entity)
      frame.write(generation)
    case .resume(let entity, let generation):
      frame.begin(0x03, entity)
      frame.write(generation)
    case .signal(let entity, let signal):
      guard (1...64).contains(signal) else { throw .noSuchSignal(signal) }
      frame.begin(0x04, entity)
      frame.write(UInt32(signal))
    case .kill(let entity): frame.begin(0x05, entity)
    case .guardThread(let entity): frame.begin(0x06, entity)
    case .armFence(let deadline):
      frame.write(UInt8(0x07))
      frame.write(deadline?.nanoseconds ?? .max)
    case .fence(let entity): frame.begin(0x08, entity)
    case .unfence(let entity): frame.begin(0x09, entity)
    }
    let length = frame.length
    guard length <= KeeperProtocol.requestBytesMax else {
      throw .tooLong(length: length, limit: KeeperProtocol.requestBytesMax)
    }
    return frame.finished()
  }
}

extension KeeperProgram {
  fileprivate func check() throws(KeeperRequestError) {
    guard !arguments.isEmpty else { throw .noArguments }
    guard umask <= 0o777 else { throw .noSuchUmask(umask) }
    let hasZero =
      directory.contains(0) || arguments.contains { $0.contains(0) } || environment.contains { $0.contains(0) }
    guard !hasZero else { throw .zeroByte }
  }

  fileprivate func write(to frame: inout KeeperFrameWriter) {
    frame.write(standardInput.rawValue)
    frame.write(UInt8((lingers ? 1 : 0) | (allowsSetuid ? 2 : 0) | (hasChannel ? 4 : 0) | (isGuarded ? 8 : 0)))
    frame.write(connection.map { UInt8(clamping: $0.descriptor ?? 1) } ?? 0)
    frame.write(umask)
    frame.write(directory)
    frame.write(arguments)
    frame.write(environment)
    frame.write(limits)
  }
}

/// One frame to the keeper, being written.
private struct KeeperFrameWriter {
  /// Begins with four bytes for the length, which `finished` fills in.
  private var bytes: [UInt8] = [0, 0, 0, 0]

  /// What the length field will say.
  var length: Int { bytes.count - 4 }

  mutating func begin(_ kind: UInt8, _ entity: ThreadID) {
    write(kind)
    write(entity.rawValue)
  }

  mutating func write(_ value: some FixedWidthInteger & UnsignedInteger) {
    for index in 0..<value.bitWidth / 8 { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
  }

  mutating func write(_ string: [UInt8]) {
    write(UInt32(truncatingIfNeeded: string.count))
    bytes += string
  }

  mutating func write(_ list: [[UInt8]]) {
    write(UInt32(truncatingIfNeeded: list.count))
    for string in list { write(string) }
  }

  mutating func write(_ limits: ResourceLimits) {
    let given = limits.all.enumerated().filter { $1 != nil }
    write(UInt32(given.count))
    for (index, most) in given {
      write(UInt8(index + 1))
      write(most ?? .max)
    }
  }

  /// The frame; at most `KeeperProtocol.requestBytesMax` long, as its writer has checked.
  func finished() -> [UInt8] {
    var frame = bytes
    for index in 0..<4 { frame[index] = UInt8(truncatingIfNeeded: length >> (8 * index)) }
    return frame
  }
}
