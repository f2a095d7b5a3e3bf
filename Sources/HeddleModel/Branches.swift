/// What a wait chooses from, in order. One event without nacks, which is what most waits have, takes no memory of its own.
struct Branches: Equatable, Sendable {
  /// The event of the only branch, which has no nacks; `never` when there are others.
  private let only: Event
  /// The branches, unless there is only that one.
  private let several: [Branch]?
  /// Whether any branch has a nack.
  let haveNacks: Bool

  init(_ event: Event) { (only, several, haveNacks) = (event, nil, false) }

  init(_ branches: [Branch]) {
    haveNacks = branches.indices.contains { !branches[$0].nacks.isEmpty }
    let isPlain = branches.count == 1 && !haveNacks
    (only, several) = isPlain ? (branches[0].event, nil) : (.never, branches)
  }

  @inline(__always)
  var count: Int { several?.count ?? 1 }

  /// The event of the branch at `index`.
  @inline(__always)
  subscript(index: Int) -> Event { several?[index].event ?? only }

  /// The nacks of the branch at `index`; all of them become ready but those of the branch that is chosen.
  @inline(__always)
  func nacks(of index: Int) -> [NackID] { several?[index].nacks ?? [] }

  /// The first branch with `event`.
  func firstIndex(of event: Event) -> Int? { (0..<count).first { self[$0] == event } }
}

extension Branches: Codable {
  init(from decoder: any Decoder) throws { self.init(try [Branch](from: decoder)) }

  func encode(to encoder: any Encoder) throws {
    try (0..<count).map { Branch(self[$0], nacks: nacks(of: $0)) }.encode(to: encoder)
  }
}
