internal import Glibc

/// A pipe on which a daemon in the background says why it could not start, line by line, or that it is ready.
struct StartReport: Sendable {
  /// Stands at the end when the daemon is ready; no line has one.
  static let readyMark: UInt8 = 0

  private let descriptor: Int32

  /// - Parameter descriptor: the pipe's writing end, which this process was started with.
  init(descriptor: Int32) {
    self.descriptor = descriptor
    // Neither the keeper nor a program is to hold it open.
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
  }

  /// Once the daemon is ready there is nobody to hear it.
  func tell(_ line: String) { write(Array((line + "\n").utf8)) }

  /// Whoever waits is told, and the pipe is closed.
  func tellReady() {
    write([Self.readyMark])
    // In place of the pipe, so that its number is not another file's; what is told later goes nowhere.
    let null = unsafe open("/dev/null", O_WRONLY | O_CLOEXEC)
    guard null >= 0 else { return }
    dup2(null, descriptor)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    close(null)
  }

  private func write(_ bytes: [UInt8]) { _ = unsafe Glibc.write(descriptor, bytes, bytes.count) }
}
