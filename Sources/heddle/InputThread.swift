internal import Glibc
internal import Synchronization

/// Standard input, read on a thread of its own, which may block in it for ever: a piece at a time, when it is asked for.
@safe final class InputThread: Sendable {
  private let asker = Mutex<CheckedContinuation<[UInt8], Never>?>(nil)
  /// Raised for each piece that is asked for; sem_overview(7). It lives as long as the process, as the thread does.
  private nonisolated(unsafe) let asked: UnsafeMutablePointer<sem_t>
  /// Raised when this process goes on after it was stopped, or was brought to the foreground; the same.
  private nonisolated(unsafe) let continued: UnsafeMutablePointer<sem_t>

  init() {
    unsafe asked = .allocate(capacity: 1)
    unsafe continued = .allocate(capacity: 1)
    unsafe sem_init(asked, 0, 0)
    unsafe sem_init(continued, 0, 0)
    var thread = pthread_t()
    let context = unsafe Unmanaged.passRetained(self).toOpaque()
    unsafe pthread_create(
      &thread,
      nil,
      { context in
        if let context = unsafe context {
          unsafe Unmanaged<InputThread>.fromOpaque(context).takeUnretainedValue().serve()
        }
        return nil
      },
      context
    )
  }

  private func serve() {
    while true {
      while unsafe sem_wait(asked) < 0 {}
      awaitInput()
      // What cannot be read is at its end.
      let chunk = (try? Input.read()) ?? []
      asker.withLock { asker in
        defer { asker = nil }
        return asker
      }?.resume(returning: chunk)
      if chunk.isEmpty { return }
    }
  }

  /// Returns when there is something to read, or its end. A terminal would stop a process that reads it in the background:
  /// this one waits there until it is brought to the foreground.
  private func awaitInput() {
    while true {
      var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
      while unsafe poll(&input, 1, -1) < 0, errno == EINTR {}
      let foreground = tcgetpgrp(STDIN_FILENO)
      guard foreground > 0, foreground != getpgrp() else { return }
      // Nobody is told of what a shell does with a job that runs: so it is looked at again, too.
      var end = timespec()
      unsafe clock_gettime(CLOCK_REALTIME, &end)
      end.tv_sec += 1
      while unsafe sem_timedwait(continued, &end) < 0, errno == EINTR {}
    }
  }

  /// SIGCONT came.
  func goesOn() { unsafe sem_post(continued) }

  /// The next bytes; empty at the end, after which nothing is asked for any more. One task asks at a time.
  func next() async -> [UInt8] {
    await withCheckedContinuation { task in
      asker.withLock { $0 = task }
      unsafe sem_post(asked)
    }
  }
}
