internal import Synchronization

#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

/// Who is told of errors that end threads.
package enum UncaughtErrors {
  typealias Handler = @Sendable (any Error, LocalThread) -> Void

  private static let handler = Mutex<Handler>(printToStandardError)

  static func setHandler(_ new: @escaping Handler) { handler.withLock { $0 = new } }

  package static func report(_ error: any Error, in thread: LocalThread) { handler.withLock(\.self)(error, thread) }

  private static let printToStandardError: Handler = { error, thread in
    let line = Array("\(thread): \(error)\n".utf8)
    // A report that nobody can read is no reason to fail.
    _ = unsafe line.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}
