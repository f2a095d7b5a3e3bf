internal import ArgumentParser
internal import Glibc
internal import HeddleClient
internal import HeddleModel
internal import HeddleWire

/// Threads, as an argument names them: "web", "id:7f3a", "web.*", "@job".
enum Selector: Equatable {
  /// The living holder of a name, else the latest dead one; or exactly one thread, dead or alive.
  case thread(ThreadReference)
  /// All whose name matches; fnmatch(3).
  case glob(String)
  /// All that a custodian or one below it manages.
  case subtree(CustodianReference)

  static let forms =
    "NAME, id:7f3a, a pattern such as 'web.*', or @custodian/path for all that is in it; "
    + "on node b of the cluster, b/NAME or @b:/path"
}

extension Selector: ExpressibleByArgument {
  private static let patternCharacters = "*?["

  static var defaultCompletionKind: CompletionKind { Targets.threadNames }

  init?(argument: String) {
    if argument.hasPrefix("@") {
      guard let custodian = try? CustodianReference(parsing: argument.dropFirst()) else { return nil }
      self = .subtree(custodian)
    } else if argument.contains(where: Self.patternCharacters.contains) {
      self = .glob(argument)
    } else {
      guard let thread = try? ThreadReference(parsing: argument) else { return nil }
      self = .thread(thread)
    }
  }
}

extension Selector {
  /// The same, but says what is wrong.
  static func parse(_ text: String) throws -> Selector {
    if let selector = Selector(argument: text) { return selector }
    throw ValidationError("'\(text)' names no thread: a thread is \(forms).")
  }
}

extension Selector: CustomStringConvertible {
  var description: String {
    switch self {
    case .thread(let thread): "\(thread)"
    case .glob(let pattern): pattern
    case .subtree(let custodian): "@\(custodian)"
    }
  }
}

extension Selector {
  /// The threads that are meant, oldest first.
  ///
  /// - Parameter dead: whether a pattern and a custodian mean the dead as well; by name or id they are always meant. A
  ///   custodian manages no dead ones.
  /// - Throws: a `Failure` when there are none.
  func threads(of supervisor: Supervisor, includingDead dead: Bool = false) async throws -> [ThreadInfo] {
    switch self {
    case .thread(let reference): return [try await supervisor.findOrHint(reference)]
    case .glob(let pattern):
      let parts = pattern.split(separator: "/", maxSplits: 1).map(String.init)
      let (node, names) = parts.count == 2 ? (try EntityName(parts[0]), parts[1]) : (nil, pattern)
      let found = try await supervisor.list(includeDead: dead, on: node).filter { Self.matches(names, $0) }
      if found.isEmpty { throw Failure(.noSuchTarget, "there is no\(dead ? "" : " living") thread called \(pattern)") }
      return found
    case .subtree(let custodian):
      let tree = try await supervisor.hinting(custodian, naming: true) {
        try await $0.custodianTree(custodian.path, on: custodian.node)
      }
      let members = Self.members(of: tree)
      let all = try await supervisor.list(includeDead: false, on: custodian.node)
      let found = all.filter { members.contains($0.id) }
      if found.isEmpty { throw Failure(.noSuchTarget, "custodian \(custodian) manages no thread") }
      return found
    }
  }

  private static func matches(_ pattern: String, _ thread: ThreadInfo) -> Bool {
    guard let name = thread.name else { return false }
    return unsafe fnmatch(pattern, name.text, 0) == 0
  }

  private static func members(of listing: CustodianListing) -> Set<ThreadID> {
    listing.children.reduce(into: Set(listing.threads.map(\.id))) { $0.formUnion(members(of: $1)) }
  }
}

extension [Selector] {
  /// The threads that any of them means, each once.
  ///
  /// - Throws: a `Failure` when one of them means none.
  func threads(of supervisor: Supervisor, includingDead dead: Bool = false) async throws -> [ThreadInfo] {
    var known: Set<ThreadID> = []
    var threads: [ThreadInfo] = []
    for selector in self {
      threads += try await selector.threads(of: supervisor, includingDead: dead).filter { known.insert($0.id).inserted }
    }
    return threads
  }
}
