internal import CLibuv
internal import Glibc

/// A process that somebody else started, held so that its number cannot become another's; pidfd_open(2).
package final class ForeignProcess: Sendable {
  private let descriptor: Int32

  /// - Returns: nil if there is no such process, or none that can be held.
  package init?(_ pid: Int32) {
    let descriptor = heddle_open_process(pid)
    guard descriptor >= 0 else { return nil }
    self.descriptor = descriptor
  }

  deinit { Glibc.close(descriptor) }

  /// Returns when the process has ended, whether or not its parent has looked.
  package func end(beside loop: EventLoop) async {
    await withCheckedContinuation { (task: CheckedContinuation<Void, Never>) in
      loop.perform {
        do throws(LoopError) {
          try loop.offload {
            self.waitUntilEnded()
          } onDone: {
            task.resume()
          }
        } catch {
          // Nobody waits on a loop that has stopped.
          task.resume()
        }
      }
    }
  }

  private func waitUntilEnded() {
    var end = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    while unsafe poll(&end, 1, -1) < 0, errno == EINTR {}
  }
}
