internal import ArgumentParser
internal import HeddleWire

/// One bound on a program, as `--limit` takes it: "nofile=64".
struct LimitArgument: ExpressibleByArgument {
  /// What can be bounded; the names are those of limits.conf(5) and ulimit's manuals.
  enum Resource: String, CaseIterable {
    case nofile
    case nproc
    case `as`
    case cpu
    case core
  }

  let resource: Resource
  /// In descriptors, processes, bytes, seconds and bytes; no bound is the largest number.
  let most: UInt64

  init?(argument: String) {
    let parts = argument.split(separator: "=", omittingEmptySubsequences: false)
    guard parts.count == 2, let resource = Resource(rawValue: String(parts[0])) else { return nil }
    guard let most = parts[1] == "unlimited" ? .max : UInt64(parts[1]) else { return nil }
    self.resource = resource
    self.most = most
  }

  func apply(to limits: inout ResourceLimits) {
    switch resource {
    case .nofile: limits.openFiles = most
    case .nproc: limits.processes = most
    case .as: limits.addressSpace = most
    case .cpu: limits.processorTime = most
    case .core: limits.coreFile = most
    }
  }
}
