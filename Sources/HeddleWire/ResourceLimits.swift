internal import HeddleMessages

/// Bounds on what a program and its descendants may use; setrlimit(2). nil is as the supervisor itself was given it.
package struct ResourceLimits: Hashable, Codable, Sendable {
  /// Open descriptors of a process.
  package var openFiles: UInt64?
  /// Processes of the user, root excepted.
  package var processes: UInt64?
  /// Address space of a process, in bytes.
  package var addressSpace: UInt64?
  /// Processor time of a process, in seconds: SIGXCPU at it, SIGKILL a second later.
  package var processorTime: UInt64?
  /// A core file, in bytes.
  package var coreFile: UInt64?

  package init() {}

  /// In the order of the keeper's protocol.
  package var all: [UInt64?] { [openFiles, processes, addressSpace, processorTime, coreFile] }
}

extension ResourceLimits {
  init(_ proto: ProtoResourceLimits) {
    if proto.hasOpenFiles { openFiles = proto.openFiles }
    if proto.hasProcesses { processes = proto.processes }
    if proto.hasAddressSpace { addressSpace = proto.addressSpace }
    if proto.hasProcessorTime { processorTime = proto.processorTime }
    if proto.hasCoreFile { coreFile = proto.coreFile }
  }

  var proto: ProtoResourceLimits {
    var proto = ProtoResourceLimits()
    if let openFiles { proto.openFiles = openFiles }
    if let processes { proto.processes = processes }
    if let addressSpace { proto.addressSpace = addressSpace }
    if let processorTime { proto.processorTime = processorTime }
    if let coreFile { proto.coreFile = coreFile }
    return proto
  }
}
