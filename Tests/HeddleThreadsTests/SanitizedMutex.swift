#if HEDDLE_SANITIZE_THREAD
@testable import HeddleThreads

/// The mutex that ThreadSanitizer understands, for the tests' own state.
typealias Mutex<Value: ~Copyable> = HeddleThreads.Mutex<Value>
#endif
