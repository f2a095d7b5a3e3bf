internal import Glibc

/// What a daemon needs of its own process, whoever started it.
enum ProcessSetup {
  /// Lets every signal in that whoever started the process had blocked: else SIGTERM would not end it, and its keeper's
  /// death would go unseen. For the thread that calls it, which runs the loop.
  static func unblockSignals() {
    var none = sigset_t()
    unsafe sigemptyset(&none)
    unsafe pthread_sigmask(SIG_SETMASK, &none, nil)
  }

  /// Raises the soft limit of open descriptors to the hard one: each thread takes two or three.
  static func raiseDescriptorLimit() {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}
