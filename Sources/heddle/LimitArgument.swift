internal import ArgumentParser
internal import HeddleWire

/// Bounds on a program, as `--limit` takes them: "nofile=64", "as=2GiB,core=0".
struct LimitsArgument: ExpressibleByArgument {
  private let limits: [Limit]

  init?(argument: String) {
    var limits: [Limit] = []
    for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard let limit = Limit(part) else { return nil }
      limits.append(limit)
    }
    self.limits = limits
  }

  func apply(to resources: inout ResourceLimits) {
    for limit in limits { limit.apply(to: &resources) }
  }
}

/// One of them.
private struct Limit {
  /// What can be bounded; the names are those of limits.conf(5) and ulimit's manuals.
  enum Resource: String {
    case nofile
    case nproc
    case `as`
    case cpu
    case core

    /// Whether it is in bytes, and so may have a unit.
    var isSize: Bool { self == .as || self == .core }
  }

  private static let units: [(suffix: String, factor: UInt64)] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)]

  let resource: Resource
  /// In descriptors, processes, bytes, seconds and bytes; no bound is the largest number.
  let most: UInt64

  init?(_ text: Substring) {
    let parts = text.split(separator: "=", omittingEmptySubsequences: false)
    guard parts.count == 2, let resource = Resource(rawValue: String(parts[0])) else { return nil }
    guard let most = Self.number(parts[1], isSize: resource.isSize) else { return nil }
    self.resource = resource
    self.most = most
  }

  private static func number(_ text: Substring, isSize: Bool) -> UInt64? {
    if text == "unlimited" { return .max }
    guard isSize, let unit = units.first(where: { text.hasSuffix($0.suffix) }) else { return UInt64(text) }
    let (size, isTooLarge) = (UInt64(text.dropLast(3)) ?? .max).multipliedReportingOverflow(by: unit.factor)
    return isTooLarge ? nil : size
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
