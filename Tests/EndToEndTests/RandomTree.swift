/// A made-up tree of processes, as heddle-test-tree makes it; see its main.c for the spelling.
struct RandomTree: Sendable {
  let spelling: String
  /// How many processes write a dot, unless they are ended before; those that fork without end are one.
  let dots: Int
  /// Whether the program itself exits when its children are made.
  let quits: Bool

  private static let births = ["c", "g", "s", "d", "e"]
  /// Trees are no deeper, and no process has more children.
  private static let deepest = 4
  private static let childrenMax = 3

  /// - Parameters:
  ///   - quits: whether the program itself is to exit.
  ///   - forks: whether it may have processes that fork without end.
  init(quits: Bool, forks: Bool, using chance: inout SeededGenerator) {
    self.quits = quits
    var growth = Growth(mayFork: forks)
    spelling = growth.tree(birth: "c", end: quits ? "q" : nil, depth: 1, using: &chance)
    dots = growth.dots
  }

  /// A tree that is being spelled.
  private struct Growth {
    var dots = 0
    var mayFork: Bool

    mutating func tree(birth: String, end: String?, depth: Int, using chance: inout SeededGenerator) -> String {
      dots += 1
      let habits = (chance.oneIn(4) ? "i" : "") + (chance.oneIn(4) ? "x" : "")
      let how = end ?? self.end(depth, using: &chance)
      var children = ""
      let count = depth < deepest ? Int.random(in: depth == 1 ? 1...childrenMax : 0...childrenMax, using: &chance) : 0
      for _ in 0..<count {
        let birth = births[Int.random(in: births.indices, using: &chance)]
        children += tree(birth: birth, end: nil, depth: depth + 1, using: &chance)
      }
      return "\(birth)\(habits)\(how)(\(children))"
    }

    /// What becomes of a process that is not told; the program itself stays.
    private mutating func end(_ depth: Int, using chance: inout SeededGenerator) -> String {
      switch Int.random(in: 0..<16, using: &chance) {
      case 0 where depth > 1: return "q"
      case 1 where depth > 1: return "t"
      case 2: return "v"
      case 3...4 where mayFork && depth > 1:
        mayFork = false
        return "f"
      default: return ""
      }
    }
  }
}
