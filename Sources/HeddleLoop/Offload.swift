internal import CLibuv
internal import Synchronization

extension EventLoop {
  /// Runs `work` on a thread of libuv's pool, where it may block, and after it `onDone` on the loop.
  ///
  /// The pool has four threads for the whole process (UV_THREADPOOL_SIZE), so that two pieces of work may run at the same
  /// time, in any order. A loop that stops lets what has begun come to its end.
  ///
  /// - Throws: ECANCELED once the loop has stopped; neither closure is called then.
  package func offload<Outcome: Sendable>(
    _ work: @escaping @Sendable () -> Outcome,
    onDone: @escaping (Outcome) -> Void
  ) throws(LoopError) {
    let attempt = "run work beside the loop"
    guard core.isOpen else { throw LoopError(code: ECANCELED, attempt: attempt) }
    let box = Box<Outcome>()
    let request = PoolRequest {
      let outcome = work()
      box.outcome.withLock { $0 = outcome }
    } onDone: {
      // None if the work was cancelled, which nobody does.
      if let outcome = box.outcome.withLock({ $0 }) { onDone(outcome) }
    }
    try unsafe LoopError.check(request.submit(on: core.raw), attempt)
  }
}

/// What the work came to, on its way from the pool to the loop.
private final class Box<Outcome: Sendable>: Sendable {
  let outcome = Mutex<Outcome?>(nil)
}

/// One `uv_work_t`: its memory lives until the callback on the loop has come.
@safe private final class PoolRequest {
  private let raw: UnsafeMutablePointer<uv_work_t>
  /// Runs on a thread of the pool. The object is only read between `submit` and the callback on the loop.
  private let work: @Sendable () -> Void
  private let onDone: () -> Void

  init(_ work: @escaping @Sendable () -> Void, onDone: @escaping () -> Void) {
    unsafe raw = .allocate(capacity: 1)
    self.work = work
    self.onDone = onDone
  }

  deinit { unsafe raw.deallocate() }

  /// - Returns: what uv_queue_work returned; when that is an error nothing is called.
  func submit(on loop: UnsafeMutablePointer<uv_loop_t>) -> Int32 {
    let retained = unsafe Unmanaged.passRetained(self)
    unsafe raw.pointee.data = retained.toOpaque()
    let status = unsafe uv_queue_work(
      loop,
      raw,
      { unsafe PoolRequest.reference($0)?.takeUnretainedValue().work() },
      { request, _ in unsafe PoolRequest.reference(request)?.takeRetainedValue().onDone() }
    )
    if status < 0 { unsafe retained.release() }
    return status
  }

  private static func reference(_ request: UnsafeMutablePointer<uv_work_t>?) -> Unmanaged<PoolRequest>? {
    guard let data = unsafe request?.pointee.data else { return nil }
    return unsafe Unmanaged.fromOpaque(data)
  }
}
