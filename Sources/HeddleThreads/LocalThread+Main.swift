internal import Synchronization

#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

extension LocalThread {
  /// Runs `body` as the program's main thread, under the root custodian. When it is dead the process exits, whatever other
  /// threads do: with status 0 when it returned or was killed, with 1 when an error ended it (which is reported first).
  ///
  /// ```swift
  /// await LocalThread.runMain {
  ///   print("hello from \(LocalThread.current)")
  /// }
  /// ```
  public static func runMain(_ body: @escaping @Sendable () async throws -> Void) async -> Never {
    let status = Mutex<Int32>(0)
    do {
      try await Custodian.current.withValue(.root) {
        let main = try await LocalThread {
          do { try await body() } catch {
            if !(error is Killed) { status.withLock { $0 = 1 } }
            throw error
          }
        }
        try await main.wait()
      }
    } catch {
      World.current.report(error, current)
      exit(1)
    }
    exit(status.withLock(\.self))
  }
}
