internal import ArgumentParser
internal import Glibc
internal import HeddleClient
internal import HeddleLoop

/// Standard output, for results, and standard error, for everything else.
enum Output {
  static func write(_ text: String) { write(Array(text.utf8)) }

  /// Writes all of `bytes`. When nobody reads them any more the program ends quietly, as SIGPIPE would end it.
  static func write(_ bytes: [UInt8]) {
    let error = writeAll(bytes, to: STDOUT_FILENO)
    if error == EPIPE { exit(ExitStatus.signalled(SIGPIPE).rawValue) }
    if error != 0 {
      complain("cannot write standard output: \(SystemError.text(error))")
      exit(ExitStatus.failed.rawValue)
    }
  }

  /// Writes all of `bytes` to standard output or standard error, which may block: beside the loop.
  static func write(_ bytes: [UInt8], to descriptor: Int32, beside loop: EventLoop) async throws {
    let error = await withCheckedContinuation { (task: CheckedContinuation<Int32, Never>) in
      loop.perform {
        do throws(LoopError) {
          try loop.offload {
            writeAll(bytes, to: descriptor)
          } onDone: {
            task.resume(returning: $0)
          }
        } catch {
          task.resume(returning: error.code)
        }
      }
    }
    // When nobody reads any more heddle ends quietly, as SIGPIPE would end it.
    if error == EPIPE { throw ExitCode(ExitStatus.signalled(SIGPIPE).rawValue) }
    if error != 0 { throw Failure(.failed, "cannot write what the program wrote: \(SystemError.text(error))") }
  }

  /// Writes to standard error, where a failure could not be told to anybody.
  static func writeError(_ text: String) { _ = writeAll(Array(text.utf8), to: STDERR_FILENO) }

  /// A sentence for whoever ran the program.
  static func complain(_ sentence: String) { writeError("heddle: \(sentence)\n") }

  /// - Returns: 0, or what write(2) failed with.
  private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count >= 0 { rest.removeFirst(count) } else if errno != EINTR { return errno }
    }
    return 0
  }

  /// How many columns the terminal has that standard output is; nil if it is none.
  static var columns: Int? { columns(of: STDOUT_FILENO) }

  /// How many columns the terminal has that a descriptor is; nil if it is none.
  static func columns(of descriptor: Int32) -> Int? { size(of: descriptor)?.columns }

  /// How many columns and rows the terminal has that a descriptor is; nil if it is none.
  static func size(of descriptor: Int32) -> (columns: Int, rows: Int)? {
    var size = winsize()
    guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return (Int(size.ws_col), Int(size.ws_row))
  }
}
