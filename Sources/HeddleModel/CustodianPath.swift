/// Where a custodian stands in a supervisor's tree: `/` is the root, `/main/job` is `job` below `main` below the root.
/// Always absolute.
package struct CustodianPath: Hashable, Sendable, CustomStringConvertible {
  /// The most components of a path, so that a tree is never deeper than a message may be nested.
  package static let depthMax = 64

  /// The custodian above all others.
  package static let root = CustodianPath(components: [])
  /// Where the command line puts things unless told otherwise; relative paths start here.
  package static let main = CustodianPath(components: [mainName])

  /// From just below the root to the custodian itself; empty for the root.
  package let components: [EntityName]

  package var description: String { "/" + components.map(\.text).joined(separator: "/") }

  /// The path one level up; nil for the root.
  package var parent: CustodianPath? {
    components.isEmpty ? nil : CustodianPath(components: Array(components.dropLast()))
  }

  /// The path of a custodian `name` directly below this one.
  ///
  /// - Throws: `tooDeep` alone.
  package func appending(_ name: EntityName) throws(CustodianPathError) -> CustodianPath {
    guard components.count < Self.depthMax else { throw .tooDeep(count: components.count + 1) }
    return CustodianPath(components: components + [name])
  }

  /// Whether this is `other` or one of the custodians below it.
  package func isAtOrBelow(_ other: CustodianPath) -> Bool { components.starts(with: other.components) }

  private init(components: [EntityName]) { self.components = components }

  private static let mainName: EntityName = {
    do { return try EntityName("main") } catch { preconditionFailure("main is a name") }
  }()
}

/// Why a text is no custodian's path.
package enum CustodianPathError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A component is no name; `offset` is where it starts, in characters from 0.
  case component(EntityNameError, offset: Int)
  /// More than `CustodianPath.depthMax` components.
  case tooDeep(count: Int)

  package var description: String {
    switch self {
    case .component(.empty, let offset): "nothing between slashes at character \(offset + 1)"
    case .component(.character(let character, let inner), let offset):
      "\(EntityNameError.character(character, offset: offset + inner))"
    case .component(let error, let offset): "\(error) (the one at character \(offset + 1))"
    case .tooDeep(let count): "a path has at most \(CustodianPath.depthMax) components, this one has \(count)"
    }
  }
}

// MARK: - As text

extension CustodianPath {
  /// The custodian that `text` names: absolute if it starts with a slash, else below `/main`; empty is `/main` itself.
  /// Slashes separate, so none stands at the end or beside another one.
  ///
  /// - Throws: what is wrong with `text`, and where.
  package init(parsing text: some StringProtocol) throws(CustodianPathError) {
    switch text {
    case "": self = .main
    case "/": self = .root
    default:
      let isAbsolute = text.utf8.first == UInt8(ascii: "/")
      let names = try Self.names(in: text, from: isAbsolute ? 1 : 0)
      let components = isAbsolute ? names : Self.main.components + names
      guard components.count <= Self.depthMax else { throw .tooDeep(count: components.count) }
      self.init(components: components)
    }
  }

  /// The names that slashes separate in `text` from the character at `start` on.
  private static func names(in text: some StringProtocol, from start: Int) throws(CustodianPathError) -> [EntityName] {
    var names: [EntityName] = []
    // In bytes, which up to the first error are characters as well.
    var offset = start
    let components = String(text).utf8.dropFirst(start).split(
      separator: UInt8(ascii: "/"),
      omittingEmptySubsequences: false
    )
    for component in components {
      do throws(EntityNameError) {
        names.append(try EntityName(Substring(component)))
      } catch {
        throw .component(error, offset: offset)
      }
      offset += component.count + 1
    }
    return names
  }
}

extension CustodianPath: Codable {
  package init(from decoder: any Decoder) throws {
    try self.init(parsing: String(from: decoder))
  }

  package func encode(to encoder: any Encoder) throws {
    try description.encode(to: encoder)
  }
}
