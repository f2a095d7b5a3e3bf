internal import CLibuv

/// Sole owner of one `uv_loop_t`, of the four handles that connect it with a job queue, and of its read buffer.
///
/// Everything but `wake()` is called on the loop's thread only. The memory goes with the object; libuv must be done with
/// it by then, which `close()` sees to.
@safe final class RawLoop {
  /// The size of the buffer that all streams of the loop read into: more than a socket usually holds, so that one read
  /// takes all that is there, and libuv turns to the next stream.
  static let readSizeMax = 256 * 1024

  /// The loop's own handles. Their `data` is nil, which tells them from handles with an owner.
  @unsafe private struct Signals {
    var wake = unsafe uv_async_t()
    var beforePoll = unsafe uv_prepare_t()
    var afterPoll = unsafe uv_check_t()
    var stayAwake = unsafe uv_idle_t()
  }

  let raw: UnsafeMutablePointer<uv_loop_t>
  private let signals: UnsafeMutablePointer<Signals>
  /// On Unix, libuv reads and reports in one go, so that one buffer serves all streams, one after the other.
  let readBuffer: UnsafeMutableBufferPointer<UInt8>

  /// Whether handles may be made: until `stop()`.
  private(set) var isOpen = true
  /// The work that is being run; kept for its storage.
  var batch: [Work] = []

  /// What the loop does besides; see `EventLoop.carry`.
  var carry: (() -> Bool)?
  /// Called after timers and before the loop sleeps.
  var onBeforePoll: () -> Void = {}
  /// Called after I/O callbacks.
  var onAfterPoll: () -> Void = {}

  init() throws(LoopError) {
    let raw = UnsafeMutablePointer<uv_loop_t>.allocate(capacity: 1)
    do throws(LoopError) {
      try unsafe LoopError.check(uv_loop_init(raw), "make an event loop")
    } catch {
      unsafe raw.deallocate()
      throw error
    }
    unsafe self.raw = raw
    unsafe signals = .allocate(capacity: 1)
    unsafe signals.initialize(to: Signals())
    unsafe readBuffer = .allocate(capacity: Self.readSizeMax)
    unsafe uv_loop_set_data(raw, Unmanaged.passUnretained(self).toOpaque())
    try connectSignals()
  }

  deinit {
    unsafe readBuffer.deallocate()
    unsafe signals.deallocate()
    unsafe raw.deallocate()
  }

  private func connectSignals() throws(LoopError) {
    do throws(LoopError) {
      // The callback has nothing to do: that poll returned is the message.
      try unsafe LoopError.check(uv_async_init(raw, signals.pointer(to: \.wake), { _ in }), "make a wake-up")
    } catch {
      precondition(unsafe uv_loop_close(raw) == 0, "a loop without handles closes at once")
      throw error
    }
    // These never fail (uv_prepare_init and its kin, loop-watcher.c).
    unsafe uv_prepare_init(raw, signals.pointer(to: \.beforePoll))
    unsafe uv_prepare_start(signals.pointer(to: \.beforePoll)) { unsafe RawLoop.of($0?.pointee.loop)?.onBeforePoll() }
    unsafe uv_check_init(raw, signals.pointer(to: \.afterPoll))
    unsafe uv_check_start(signals.pointer(to: \.afterPoll)) { unsafe RawLoop.of($0?.pointee.loop)?.onAfterPoll() }
    unsafe uv_idle_init(raw, signals.pointer(to: \.stayAwake))
  }

  private static func of(_ loop: UnsafeMutablePointer<uv_loop_t>?) -> RawLoop? {
    guard let data = unsafe uv_loop_get_data(loop) else { return nil }
    return unsafe Unmanaged<RawLoop>.fromOpaque(data).takeUnretainedValue()
  }

  /// Makes poll return, from any thread. Several calls may become one wake-up.
  func wake() {
    let status = unsafe uv_async_send(signals.pointer(to: \.wake))
    precondition(status == 0, "uv_async_send fails only on a handle that is no uv_async_t")
  }

  /// Whether the next poll returns at once, because there is more to do.
  func stayAwake(_ awake: Bool) {
    if awake {
      unsafe uv_idle_start(signals.pointer(to: \.stayAwake)) { _ in }
    } else {
      unsafe uv_idle_stop(signals.pointer(to: \.stayAwake))
    }
  }

  /// Runs callbacks until `stop()`, or until no handle is left.
  func run() { unsafe uv_run(raw, UV_RUN_DEFAULT) }

  /// Makes `run()` return at the end of the loop's present round, and refuses new handles. After `close()`: nothing.
  func stop() {
    guard isOpen else { return }
    isOpen = false
    unsafe uv_stop(raw)
  }

  /// Closes every handle, runs their close callbacks, and ends the loop.
  func close() {
    unsafe uv_walk(raw, { handle, _ in unsafe LoopHandle.owner(of: handle, as: LoopHandle.self)?.close() }, nil)
    unsafe close(signals.pointer(to: \.wake))
    unsafe close(signals.pointer(to: \.beforePoll))
    unsafe close(signals.pointer(to: \.afterPoll))
    unsafe close(signals.pointer(to: \.stayAwake))
    run()
    precondition(unsafe uv_loop_close(raw) == 0, "every handle of a closed loop is closed")
  }

  /// Closes one of the loop's own handles; every handle begins like a `uv_handle_t` (uv.h, UV_HANDLE_FIELDS).
  private func close<Handle>(_ signal: UnsafeMutablePointer<Handle>?) {
    unsafe uv_close(UnsafeMutableRawPointer(signal)?.assumingMemoryBound(to: uv_handle_t.self), nil)
  }
}
