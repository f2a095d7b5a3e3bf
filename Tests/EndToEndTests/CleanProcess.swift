import Glibc

/// Programs started as a shell starts them: no signal kept out, no descriptor but the three, which are /dev/null. Foundation's
/// `Process` hands down its own mask and a socket, which is nothing for programs that stay.
enum CleanProcess {
  /// Runs a program to its end.
  ///
  /// - Returns: what waitpid(2) says of it, or the errno(3) of its start.
  static func run(_ command: [String]) -> Int32 {
    var attributes = posix_spawnattr_t()
    var actions = unsafe posix_spawn_file_actions_t()
    var nothing = sigset_t()
    unsafe sigemptyset(&nothing)
    unsafe posix_spawnattr_init(&attributes)
    unsafe posix_spawnattr_setsigmask(&attributes, &nothing)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    unsafe posix_spawn_file_actions_init(&actions)
    for descriptor: Int32 in 0...2 {
      unsafe posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
    }
    // One that is not open is no error.
    for descriptor: Int32 in 3..<256 { unsafe posix_spawn_file_actions_addclose(&actions, descriptor) }
    var words = unsafe command.map { unsafe strdup($0) } + [nil]
    defer {
      for index in unsafe words.indices { unsafe free(words[index]) }
      unsafe posix_spawnattr_destroy(&attributes)
      unsafe posix_spawn_file_actions_destroy(&actions)
    }
    var (pid, status): (pid_t, Int32) = (0, 0)
    let error = unsafe posix_spawnp(&pid, command[0], &actions, &attributes, &words, environ)
    guard error == 0 else { return error }
    while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
    return status
  }
}
