internal import CLibuv

/// Opens once, for everybody who waits in front of it and everybody who comes later.
@safe final class Gate: Sendable {
  // A semaphore may be used from any thread (sem_overview(7)); only `init` and `deinit` touch the memory itself.
  private nonisolated(unsafe) let semaphore: UnsafeMutablePointer<uv_sem_t>

  init() {
    unsafe semaphore = .allocate(capacity: 1)
    precondition(unsafe uv_sem_init(semaphore, 0) == 0, "a private semaphore with a small value can always be made")
  }

  deinit {
    unsafe uv_sem_destroy(semaphore)
    unsafe semaphore.deallocate()
  }

  func open() { unsafe uv_sem_post(semaphore) }

  /// Blocks the calling thread until the gate is open.
  func wait() {
    unsafe uv_sem_wait(semaphore)
    unsafe uv_sem_post(semaphore)
  }
}
