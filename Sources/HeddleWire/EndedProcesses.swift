internal import HeddleMessages

/// What a shutdown ended of one thread's process tree.
package struct EndedProcesses: Hashable, Codable, Sendable {
  package struct Program: Hashable, Codable, Sendable {
    package let pid: Int32
    /// The last component of `argv[0]`, or what the system calls the process.
    package let name: String

    package init(pid: Int32, name: String) {
      self.pid = pid
      self.name = name
    }
  }

  package struct Straggler: Hashable, Codable, Sendable {
    package let pid: Int32
    /// What the system calls it, at most 15 bytes.
    package let name: String
    /// It had left its program's session, as a daemon does.
    package let inOtherSession: Bool

    package init(pid: Int32, name: String, inOtherSession: Bool) {
      self.pid = pid
      self.name = name
      self.inOtherSession = inOtherSession
    }
  }

  /// The program, if it was running when the shutdown came.
  package let program: Program?
  /// The rest of the tree, in the order in which it ended; of many, the first.
  package let stragglers: [Straggler]
  /// How many processes there were: the program, and its stragglers whether they are listed or not.
  package let total: Int

  package init(program: Program?, stragglers: [Straggler], total: Int) {
    self.program = program
    self.stragglers = stragglers
    self.total = total
  }
}

extension EndedProcesses {
  init(_ proto: ProtoThreadDead) throws(WireDecodingError) {
    self.init(
      program: proto.hasProgram ? try Program(proto.program) : nil,
      stragglers: try proto.stragglers.map { straggler throws(WireDecodingError) in try Straggler(straggler) },
      total: try Int(field: "thread_dead.processes", proto.processes)
    )
  }

  func fill(_ proto: inout ProtoThreadDead) {
    if let program { proto.program = program.proto }
    proto.stragglers = stragglers.map(\.proto)
    proto.processes = UInt64(clamping: total)
  }
}

extension EndedProcesses.Program {
  fileprivate init(_ proto: ProtoEndedProgram) throws(WireDecodingError) {
    self.init(pid: try Int32(field: "thread_dead.program.pid", proto.pid), name: proto.name)
  }

  fileprivate var proto: ProtoEndedProgram {
    var proto = ProtoEndedProgram()
    proto.pid = UInt32(clamping: pid)
    proto.name = name
    return proto
  }
}

extension EndedProcesses.Straggler {
  fileprivate init(_ proto: ProtoStraggler) throws(WireDecodingError) {
    self.init(
      pid: try Int32(field: "thread_dead.stragglers.pid", proto.pid),
      name: proto.name,
      inOtherSession: proto.inOtherSession
    )
  }

  fileprivate var proto: ProtoStraggler {
    var proto = ProtoStraggler()
    proto.pid = UInt32(clamping: pid)
    proto.name = name
    proto.inOtherSession = inOtherSession
    return proto
  }
}
