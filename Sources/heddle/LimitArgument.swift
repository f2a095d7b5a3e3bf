internal import ArgumentParser
internal import HeddleWire

/// Bounds on a program, as `--limit` takes them: "nofile=64", "as=2GiB,core=0".
struct LimitsArgument {
  private let limits: [Limit]

  /// - Throws: which of them is none, and why.
  static func parse(_ text: String) throws -> LimitsArgument {
    LimitsArgument(limits: try text.split(separator: ",", omittingEmptySubsequences: false).map(Limit.init))
  }

  func apply(to resources: inout ResourceLimits) {
    for limit in limits { limit.apply(to: &resources) }
  }
}

/// One of them.
private struct Limit {
  /// What can be bounded; the names are those of limits.conf(5) and ulimit's manuals.
  enum Resource: String, CaseIterable {
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

  init(_ text: Substring) throws {
    let parts = text.split(separator: "=", omittingEmptySubsequences: false)
    guard parts.count == 2 else { throw Self.error("'\(text)' is no limit: a limit is a name, = and the most") }
    guard let resource = Resource(rawValue: String(parts[0])) else {
      throw Self.error("'\(parts[0])' can't be limited: \(Self.names) can")
    }
    guard let most = Self.number(parts[1], isSize: resource.isSize) else {
      let forms =
        resource.isSize ? "a number of bytes, perhaps with KiB, MiB or GiB, or unlimited" : "a number, or unlimited"
      throw Self.error("'\(parts[1])' is no limit of \(resource): give \(forms)")
    }
    self.resource = resource
    self.most = most
  }

  private static let names = Resource.allCases.map(\.rawValue).joined(separator: ", ")

  private static func error(_ sentence: String) -> ValidationError {
    ValidationError("\(sentence), as in nofile=256,as=2GiB.")
  }

  private static func number(_ text: Substring, isSize: Bool) -> UInt64? {
    if text == "unlimited" { return .max }
    guard isSize, let unit = units.first(where: { text.hasSuffix($0.suffix) }) else { return UInt64(text) }
    guard let count = UInt64(text.dropLast(3)) else { return nil }
    let (size, isTooLarge) = count.multipliedReportingOverflow(by: unit.factor)
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
