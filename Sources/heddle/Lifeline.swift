internal import Glibc

/// Standard input as a lifeline: the other end of the pipe is held by whoever needs this process, and closed by the system when
/// that one dies, however it does.
enum Lifeline {
  /// From now on the end of standard input is as if SIGTERM came, and SIGINT right behind it.
  static func hold() {
    var thread = pthread_t()
    unsafe pthread_create(
      &thread,
      nil,
      { _ in
        var byte: UInt8 = 0
        while case let count = unsafe read(STDIN_FILENO, &byte, 1), count > 0 || count < 0 && errno == EINTR {}
        kill(getpid(), SIGTERM)
        kill(getpid(), SIGINT)
        return nil
      },
      nil
    )
  }
}
