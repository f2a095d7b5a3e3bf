internal import HeddleClient
internal import HeddleModel
internal import HeddleWire

/// What somebody may have meant by a name that there is not.
enum NameHint {
  /// The name that is nearest to `text`, if one is near: a third of its letters may differ.
  static func nearest(to text: String, among names: some Sequence<String>) -> String? {
    let most = max(1, text.count / 3)
    let distances = names.map { (name: $0, distance: distance(from: Array(text), to: Array($0))) }
    return distances.filter { $0.distance <= most }.min { ($0.distance, $0.name) < ($1.distance, $1.name) }?.name
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
    let path = custodian.path
    do throws(ClientError) { return try await custodianTree(path, on: custodian.node) } catch {
      guard error.refusal?.code == .noSuchCustodian else { throw error }
      let paths = Self.paths(in: try await custodianTree(.root, on: custodian.node))
      // A path that wants its slash is below /main.
      let whole = paths.first { "/main\($0)" == "\(path)" }
      throw Self.hinted(error, whole ?? NameHint.nearest(to: "\(path)", among: paths))
    }
  }

  private static func paths(in listing: CustodianListing) -> [String] {
    ["\(listing.path)"] + listing.children.flatMap(paths)
  }

  private static func hinted(_ error: ClientError, _ name: String?) -> any Error {
    guard let refusal = error.refusal, let name else { return error }
    let failure = Failure(refusal)
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
