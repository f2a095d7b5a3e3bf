#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

/// Where one operating-system thread sleeps until another wakes it. A wake-up that comes first is kept, one.
@safe final class Parker: Sendable {
  // Both are made for use by several threads; only `init` and `deinit` touch the memory itself.
  private nonisolated(unsafe) let lock: UnsafeMutablePointer<pthread_mutex_t>
  private nonisolated(unsafe) let changed: UnsafeMutablePointer<pthread_cond_t>
  // Protected by `lock`.
  private nonisolated(unsafe) var isAwaken = false

  init() {
    unsafe lock = .allocate(capacity: 1)
    unsafe changed = .allocate(capacity: 1)
    var status = unsafe pthread_mutex_init(lock, nil)
    precondition(status == 0, "a plain mutex can always be made")
    status = unsafe Self.makeCondition(changed)
    precondition(status == 0, "a condition on the monotonic clock can always be made")
  }

  deinit {
    unsafe pthread_cond_destroy(changed)
    unsafe pthread_mutex_destroy(lock)
    unsafe changed.deallocate()
    unsafe lock.deallocate()
  }

  /// Wakes the sleeper, or the next one that would sleep.
  func unpark() {
    unsafe pthread_mutex_lock(lock)
    unsafe isAwaken = true
    unsafe pthread_cond_signal(changed)
    unsafe pthread_mutex_unlock(lock)
  }

  /// Sleeps until woken, or until `nanoseconds` have passed; nil is no limit.
  func park(for nanoseconds: UInt64? = nil) {
    unsafe pthread_mutex_lock(lock)
    if let nanoseconds {
      var limit = Self.limit(in: nanoseconds)
      // One look is enough: the callers look at their own state again, whatever woke them.
      if unsafe !isAwaken { unsafe Self.wait(changed, lock, &limit) }
    } else {
      while unsafe !isAwaken { unsafe pthread_cond_wait(changed, lock) }
    }
    unsafe isAwaken = false
    unsafe pthread_mutex_unlock(lock)
  }

  // MARK: - The monotonic clock, which the two systems reach in different ways

  #if canImport(Darwin)
  private static func makeCondition(_ condition: UnsafeMutablePointer<pthread_cond_t>) -> Int32 {
    unsafe pthread_cond_init(condition, nil)
  }

  private static func limit(in nanoseconds: UInt64) -> timespec { timespec(clamping: nanoseconds) }

  private static func wait(
    _ condition: UnsafeMutablePointer<pthread_cond_t>,
    _ lock: UnsafeMutablePointer<pthread_mutex_t>,
    _ limit: inout timespec
  ) {
    _ = unsafe pthread_cond_timedwait_relative_np(condition, lock, &limit)
  }
  #else
  private static func makeCondition(_ condition: UnsafeMutablePointer<pthread_cond_t>) -> Int32 {
    var attributes = pthread_condattr_t()
    unsafe pthread_condattr_init(&attributes)
    unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    defer { unsafe pthread_condattr_destroy(&attributes) }
    return unsafe pthread_cond_init(condition, &attributes)
  }

  private static func limit(in nanoseconds: UInt64) -> timespec {
    timespec(clamping: monotonicNow().addingReportingOverflow(nanoseconds).partialValue)
  }

  private static func wait(
    _ condition: UnsafeMutablePointer<pthread_cond_t>,
    _ lock: UnsafeMutablePointer<pthread_mutex_t>,
    _ limit: inout timespec
  ) {
    _ = unsafe pthread_cond_timedwait(condition, lock, &limit)
  }
  #endif
}

/// Nanoseconds on CLOCK_MONOTONIC, which no change of the date moves.
func monotonicNow() -> UInt64 {
  var time = timespec()
  _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

extension timespec {
  init(clamping nanoseconds: UInt64) {
    self.init(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
  }
}

/// Starts an operating-system thread that runs `body` and is joined by nobody.
///
/// - Returns: whether the system gave one.
func startDetachedThread(_ body: @escaping @Sendable () -> Void) -> Bool {
  final class Start {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  let context = unsafe Unmanaged.passRetained(Start(body))
  #if canImport(Darwin)
  var thread: pthread_t?
  #else
  var thread = pthread_t()
  #endif
  let status = unsafe pthread_create(
    &thread,
    nil,
    { context in
      #if canImport(Darwin)
      unsafe Unmanaged<Start>.fromOpaque(context).takeRetainedValue().body()
      #else
      if let context = unsafe context { unsafe Unmanaged<Start>.fromOpaque(context).takeRetainedValue().body() }
      #endif
      return nil
    },
    context.toOpaque()
  )
  guard status == 0 else {
    unsafe context.release()
    return false
  }
  #if canImport(Darwin)
  if let thread { pthread_detach(thread) }
  #else
  pthread_detach(thread)
  #endif
  return true
}

/// The number of processors that are on line, at least 1.
func processorCount() -> Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
