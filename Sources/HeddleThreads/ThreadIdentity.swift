internal import HeddleModel
internal import Synchronization

/// What a thread's body, its handles and its events share: as long as one of them is there, the model knows the thread.
final class ThreadIdentity: Sendable {
  private struct Reference: Sendable {
    weak var handle: LocalThread?
  }

  let id: ThreadID
  let world: World
  let inbox: Inbox
  private let reference = Mutex(Reference())
  private let death = Atomic<Bool>(false)

  init(id: ThreadID, world: World, mailbox: MailboxBounds) {
    self.id = id
    self.world = world
    inbox = Inbox(bounds: mailbox)
  }

  // Never inside the world's lock: whatever holds one is dropped outside of it.
  deinit { world.settle { (state, _) in state.kernel.forget(id) } }

  /// The thread as its users see it: the same object for as long as anybody holds it.
  var handle: LocalThread {
    let (handle, isNew) = reference.withLock { reference in
      if let handle = reference.handle { return (handle, false) }
      let handle = LocalThread(self)
      reference.handle = handle
      return (handle, true)
    }
    if isNew { world.settle { (state, _) in state.kernel.hold(id) } }
    return handle
  }

  /// Whether the model has said that the thread is dead.
  var isDead: Bool { death.load(ordering: .acquiring) }

  /// The model says that the thread is dead.
  func noteDeath() { death.store(true, ordering: .releasing) }

  /// `handle` is the thread as its creator sees it, which the model counts from the first. Called before the thread begins.
  func adopt(_ handle: LocalThread) { reference.withLock { $0.handle = handle } }
}
