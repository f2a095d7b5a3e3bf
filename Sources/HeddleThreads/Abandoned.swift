internal import Synchronization

/// Counts the killed threads that did not unwind.
enum Abandoned {
  private static let total = Atomic<Int>(0)

  static var count: Int { total.load(ordering: .relaxed) }

  static func add(_ identity: ThreadIdentity) {
    total.add(1, ordering: .relaxed)
    let sentence = "thread \(identity.id) was killed and still goes on after \(Unwinding.turnsMax) turns"
    let error = ThreadError(.abandoned, sentence + "; what it holds stays allocated")
    identity.world.report(error, identity.handle)
  }
}
