#if HEDDLE_SANITIZE_THREAD
internal import HeddleThreads

/// The mutex that ThreadSanitizer understands.
typealias Mutex<Value: ~Copyable> = HeddleThreads.Mutex<Value>
#endif
