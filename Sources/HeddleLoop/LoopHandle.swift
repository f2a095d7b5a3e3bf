internal import CLibuv

/// What all handles on a loop share: a C struct that only libuv's close callback frees, and one `close()`.
///
/// A handle is made, used and closed on its loop; elsewhere every call traps, since only our own mistake leads there.
/// The loop keeps an open handle alive, whoever else has forgotten it, until `close()` or the loop's stop; after
/// `close()` no callback of the handle is called, and what the callbacks had captured is released.
@safe package class LoopHandle {
  /// The loop that the handle lives on.
  package let loop: EventLoop

  /// What libuv is doing with the C struct.
  private enum Life {
    /// In use.
    case open
    /// `close()` was called; libuv still owns the memory.
    case closing
    /// The memory is gone.
    case closed
  }
  private var life = Life.open
  private let memory: UnsafeMutableRawPointer

  /// Makes a handle of the C type `Handle`.
  ///
  /// - Parameters:
  ///   - attempt: what is being made, for the error.
  ///   - make: libuv's init function for `Handle`. Once it has succeeded the handle must be closed.
  /// - Throws: what `make` answered, or that the loop has stopped.
  init<Handle>(
    on loop: EventLoop,
    attempt: String,
    make: (UnsafeMutablePointer<uv_loop_t>, UnsafeMutablePointer<Handle>) -> Int32
  ) throws(LoopError) {
    let core = loop.core
    guard core.isOpen else { throw .stopped(attempt) }
    let handle = UnsafeMutablePointer<Handle>.allocate(capacity: 1)
    do throws(LoopError) {
      try unsafe LoopError.check(make(core.raw, handle), attempt)
    } catch {
      unsafe handle.deallocate()
      throw error
    }
    self.loop = loop
    unsafe memory = UnsafeMutableRawPointer(handle)
    unsafe uv_handle_set_data(raw(), Unmanaged.passRetained(self).toOpaque())
  }

  /// Whether `close()` has not been called yet.
  package final var isOpen: Bool {
    loop.preconditionOnLoop()
    return life == .open
  }

  /// Ends the handle: no callback of it is called from here on, and its descriptor is closed when this returns.
  ///
  /// May be called at any time, also within the handle's own callbacks, and again.
  package final func close() {
    loop.preconditionOnLoop()
    guard life == .open else { return }
    life = .closing
    willClose()
    unsafe uv_close(raw()) { handle in
      guard let data = unsafe uv_handle_get_data(handle) else { return }
      unsafe Unmanaged<LoopHandle>.fromOpaque(data).takeRetainedValue().didClose()
    }
  }

  private func didClose() {
    life = .closed
    unsafe memory.deallocate()
  }

  /// What a kind of handle does first when it is closed: above all, letting go of its callbacks.
  func willClose() {}

  /// Throws unless the handle is open.
  final func checkOpen(_ attempt: @autoclosure () -> String) throws(LoopError) {
    guard isOpen else { throw .closed(attempt()) }
  }

  /// The C struct, as the type that the handle was made with, or as one that libuv lets it pass for. The handle is open.
  final func raw<Handle>(as type: Handle.Type = Handle.self) -> UnsafeMutablePointer<Handle> {
    precondition(life != .closed, "the memory of a closed handle is gone")
    return unsafe memory.assumingMemoryBound(to: Handle.self)
  }

  /// The object that a C callback is about, or nil if the C struct is one of the loop's own.
  static func owner<Handle, Owner: LoopHandle>(
    of handle: UnsafeMutablePointer<Handle>?,
    as type: Owner.Type = Owner.self
  ) -> Owner? {
    guard let memory = UnsafeMutableRawPointer(handle) else { return nil }
    guard let data = unsafe uv_handle_get_data(memory.assumingMemoryBound(to: uv_handle_t.self)) else { return nil }
    return unsafe unsafeDowncast(Unmanaged<LoopHandle>.fromOpaque(data).takeUnretainedValue(), to: Owner.self)
  }
}
