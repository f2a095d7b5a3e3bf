internal import CLibuv
internal import Glibc

/// A program that is started and left to itself: in a session of its own, in `/`, with standard input from `/dev/null` and no
/// descriptor but those that it is given.
package enum BackgroundProcess {
  /// Starts `program`, and returns when it is executed.
  ///
  /// - Parameters:
  ///   - output: the descriptor that its standard output and standard error are copies of.
  ///   - report: the descriptor that its descriptor 3 is a copy of.
  /// - Returns: its process id. It is a child that nobody waits for unless the caller does; waitpid(2).
  package static func start(
    _ program: String,
    arguments: [String],
    output: Int32,
    report: Int32
  ) throws(LoopError) -> Int32 {
    let attempt = "start \(program)"
    // What this process was started with is not for one that outlives it.
    closeAtExecution()
    var request = SpawnRequest(
      program: program,
      arguments: [program] + arguments,
      environment: nil,
      descriptors: [nil, output, output, report]
    )
    request.directory = "/"
    request.isDetached = true
    // A loop for the one call, which forgets the child when it is closed.
    let loop = UnsafeMutablePointer<uv_loop_t>.allocate(capacity: 1)
    let process = UnsafeMutablePointer<uv_process_t>.allocate(capacity: 1)
    defer {
      unsafe process.deallocate()
      unsafe loop.deallocate()
    }
    try unsafe LoopError.check(uv_loop_init(loop), attempt)
    let status = unsafe request.spawn(process, on: loop, onExit: nil)
    let pid = status == 0 ? unsafe uv_process_get_pid(process) : 0
    unsafe process.withMemoryRebound(to: uv_handle_t.self, capacity: 1) { unsafe uv_close($0, nil) }
    unsafe uv_run(loop, UV_RUN_DEFAULT)
    unsafe uv_loop_close(loop)
    try LoopError.check(status, attempt)
    return pid
  }
}

extension BackgroundProcess {
  /// Marks every descriptor of this process but the standard ones to be closed in programs that it executes.
  private static func closeAtExecution() {
    guard let directory = unsafe opendir("/proc/self/fd") else { return }
    defer { unsafe closedir(directory) }
    while let entry = unsafe readdir(directory) {
      let number = unsafe withUnsafeBytes(of: entry.pointee.d_name) { name in
        unsafe Int32(String(decoding: name.prefix { $0 != 0 }, as: UTF8.self))
      }
      if let number, number > STDERR_FILENO { _ = fcntl(number, F_SETFD, FD_CLOEXEC) }
    }
  }
}
