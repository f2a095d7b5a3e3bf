#if HEDDLE_SANITIZE_THREAD
internal import Glibc

/// The part of `Synchronization.Mutex` that heddle uses, on a lock of the system's, which ThreadSanitizer knows.
///
/// That of the standard library comes out of a library that is compiled without the sanitizer, which so sees no order
/// between those who hold it one after the other and reports every access as a race. In this module the name stands for
/// this one wherever ThreadSanitizer is used; what it finds it finds in everything else.
@safe package final class Mutex<Value: ~Copyable>: @unchecked Sendable {
  // Protected by `lock`; that is why this can be Sendable.
  private var value: Value
  private let lock: UnsafeMutablePointer<pthread_mutex_t>

  package init(_ value: consuming sending Value) {
    self.value = value
    unsafe lock = .allocate(capacity: 1)
    let status = unsafe pthread_mutex_init(lock, nil)
    precondition(status == 0, "a plain mutex can always be made")
  }

  deinit {
    unsafe pthread_mutex_destroy(lock)
    unsafe lock.deallocate()
  }

  package func withLock<Result: ~Copyable, Failure: Error>(
    _ body: (inout sending Value) throws(Failure) -> sending Result
  ) throws(Failure) -> sending Result {
    unsafe pthread_mutex_lock(lock)
    defer { unsafe pthread_mutex_unlock(lock) }
    return try body(&value)
  }
}
#endif
