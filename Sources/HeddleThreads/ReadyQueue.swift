internal import DequeModule

/// The gates that wait for a turn, in the order in which they get it: each group goes round its members, one turn at a
/// time, and a group is one member of its parent.
struct ReadyQueue: Sendable {
  private enum Member: Sendable {
    case gate(Gate)
    /// A group of which at least one gate waits.
    case group(ThreadGroup)
  }

  /// The members of the root group, longest waiting first: most programs have no other.
  private var members: Deque<Member> = []
  /// The same for each other group of which a gate waits.
  private var groups: [ObjectIdentifier: Deque<Member>] = [:]

  var isEmpty: Bool { members.isEmpty }

  /// Puts `gate` behind the other members of its group.
  mutating func append(_ gate: Gate) { append(.gate(gate), to: gate.group) }

  private mutating func append(_ member: Member, to group: ThreadGroup) {
    guard let parent = group.parent else { return members.append(member) }
    let waits = groups[ObjectIdentifier(group)] != nil
    groups[ObjectIdentifier(group), default: []].append(member)
    if !waits { append(.group(group), to: parent) }
  }

  /// The gate whose turn it is.
  mutating func popFirst() -> Gate? {
    switch members.popFirst() {
    case .gate(let gate): gate
    case .group(let group): popFirst(of: group)
    case nil: nil
    }
  }

  /// Takes the first gate of a group that is in no queue now, and puts what is left of the group behind its fellows.
  private mutating func popFirst(of group: ThreadGroup) -> Gate? {
    let id = ObjectIdentifier(group)
    // Taken out meanwhile, so that it is changed in place.
    guard let parent = group.parent, var fellows = groups.removeValue(forKey: id), let first = fellows.popFirst() else {
      return nil
    }
    if !fellows.isEmpty {
      groups[id] = fellows
      append(.group(group), to: parent)
    }
    switch first {
    case .gate(let gate): return gate
    case .group(let inner): return popFirst(of: inner)
    }
  }
}
