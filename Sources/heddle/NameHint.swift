internal import HeddleClient
internal import HeddleModel
internal import HeddleWire

/// What somebody may have meant by a name that there is not.
enum NameHint {
  /// The name that is nearest to `text`, if one is near: a third of its letters may differ, or, in a short one, two neighbours
  /// be in each other's place.
  static func nearest(to text: String, among names: some Sequence<String>) -> String? {
    let distances = names.map { (name: $0, distance: distance(from: Array(text), to: Array($0))) }
    let near = distances.filter {
      $0.distance <= text.count / 3 || $0.distance == 1 && $0.name.sorted() == text.sorted()
    }
    return near.min { ($0.distance, $0.name) < ($1.distance, $1.name) }?.name
  }

  /// How many letters are to be put in, left out or changed, where two neighbours in each other's place are one change:
  /// the optimal string alignment distance.
  static func distance(from left: [Character], to right: [Character]) -> Int {
    var before: [Int] = []
    var last = Array(0...right.count)
    for (row, letter) in left.enumerated() {
      var next = [row + 1]
      for (column, other) in right.enumerated() {
        var best = min(last[column + 1] + 1, next[column] + 1, last[column] + (letter == other ? 0 : 1))
        if row > 0, column > 0, letter == right[column - 1], left[row - 1] == other {
          best = min(best, before[column - 1] + 1)
        }
        next.append(best)
      }
      (before, last) = (last, next)
    }
    return last[right.count]
  }
}

extension Supervisor {
  /// - Throws: also a `Failure` that says what name is near, if there is no such thread.
  func findOrHint(_ thread: ThreadReference) async throws -> ThreadInfo {
    do throws(ClientError) { return try await find(thread) } catch {
      guard let name = thread.name, error.refusal?.code == .noSuchThread else { throw error }
      let names = try await list(includeDead: true, on: thread.node).compactMap { $0.name?.text }
      throw Self.hinted(error, NameHint.nearest(to: name.text, among: names))
    }
  }

  /// - Throws: also a `Failure` that says what path is near, if there is no such custodian.
  func treeOrHint(_ custodian: CustodianReference) async throws -> CustodianListing {
    try await hinting(custodian) { try await $0.custodianTree(custodian.path, on: custodian.node) }
  }

  /// Calls `body`, which does something with a custodian.
  ///
  /// - Parameter isNamed: whether the custodian only stands for threads, so that what was attempted is no matter of its own.
  /// - Throws: what `body` does, but a `Failure` that says what path is near, if there is no such custodian.
  func hinting<Result>(
    _ custodian: CustodianReference,
    naming isNamed: Bool = false,
    _ body: (Supervisor) async throws -> Result
  ) async throws -> Result {
    let path = custodian.path
    do { return try await body(self) } catch let error as ClientError where error.code == .noSuchCustodian {
      let paths = Self.paths(in: try await custodianTree(.root, on: custodian.node))
      // A path that wants its slash is below /main.
      let whole = paths.first { "/main\($0)" == "\(path)" }
      let error: any Error =
        isNamed
        ? Failure(.noSuchTarget, "there is no custodian \(custodian); heddle custodian tree / lists them") : error
      throw Self.hinted(error, whole ?? NameHint.nearest(to: "\(path)", among: paths))
    }
  }

  private static func paths(in listing: CustodianListing) -> [String] {
    ["\(listing.path)"] + listing.children.flatMap(paths)
  }

  private static func hinted(_ error: any Error, _ name: String?) -> any Error {
    guard let name, let failure = error as? Failure ?? (error as? ClientError)?.refusal.map(Failure.init) else {
      return error
    }
    return Failure(failure.status, "\(failure.sentence); did you mean \(name)?")
  }
}

extension ThreadReference {
  fileprivate var name: EntityName? {
    switch self {
    case .id: nil
    case .name(let name), .named(let name, _): name
    }
  }
}
