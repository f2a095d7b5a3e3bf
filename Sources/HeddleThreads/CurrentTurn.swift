#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

/// Whose turn it is on the calling operating-system thread.
enum CurrentTurn {
  /// The value is the address of the gate, which lives for as long as its turn; null outside of any turn.
  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    let status = unsafe pthread_key_create(&key, nil)
    precondition(status == 0, "the process has used up its keys for thread-specific values")
    return key
  }()

  /// A turn of `gate` begins on the calling thread; nil, that it is over.
  static func set(_ gate: Gate?) {
    unsafe pthread_setspecific(key, gate.map { unsafe UnsafeRawPointer(Unmanaged.passUnretained($0).toOpaque()) })
  }

  /// Whether the caller executes in a turn of `gate`: whoever stops the thread waits for it. What is elsewhere, on another
  /// executor, is waited for by nobody.
  static func isOf(_ gate: Gate) -> Bool {
    unsafe pthread_getspecific(key) == UnsafeMutableRawPointer(Unmanaged.passUnretained(gate).toOpaque())
  }
}
