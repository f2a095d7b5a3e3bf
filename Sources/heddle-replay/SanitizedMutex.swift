#if HEDDLE_SANITIZE_THREAD
internal import HeddleThreads

/// The mutex that ThreadSanitizer understands, for the traces' own state.
typealias Mutex<Value: ~Copyable> = HeddleThreads.Mutex<Value>
#endif
