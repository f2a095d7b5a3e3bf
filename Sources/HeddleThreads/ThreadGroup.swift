/// A share of the carriers: a group that has something to execute weighs as much as one thread of its parent group, however
/// many threads it has. So two busy threads in a new group and one beside the group get 1/4, 1/4 and 1/2. Racket:
/// `make-thread-group`.
///
/// A group decides about turns alone, not about lives: it has no shutdown, and it goes when nobody holds it. A thread that
/// is created belongs to its creator's current group for good. Shares are counted in turns, which end at safe points: a
/// thread that computes without one takes more.
public final class ThreadGroup: Sendable {
  /// nil for the one above all.
  let parent: ThreadGroup?

  private init(parent: ThreadGroup?) { self.parent = parent }

  /// A group that is one member of `parent`, by default of the current group.
  public convenience init(in parent: ThreadGroup = current.value) { self.init(parent: Optional(parent)) }

  /// The group above all others.
  public static let root = ThreadGroup(parent: nil)

  /// The calling thread's current group, which the threads that it creates belong to. Racket: `current-thread-group`.
  public static let current = Parameter(root)
}

extension ThreadGroup: Hashable {
  public static func == (left: ThreadGroup, right: ThreadGroup) -> Bool { left === right }
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
