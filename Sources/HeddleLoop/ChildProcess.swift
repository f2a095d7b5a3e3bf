internal import CLibuv
internal import Glibc

/// One helper program, started by libuv with fork and exec, with a channel to it.
///
/// Meant for the few programs that live as long as we do. `uv_spawn` forks the whole process, which takes the longer the
/// more memory it has, and the loop waits for the exec.
@safe package final class ChildProcess: LoopHandle {
  /// What the child has as descriptors 0, 1 and 2.
  package enum StandardStreams {
    /// Ours.
    case inherited
    /// /dev/null.
    case ignored
  }

  /// How the child ended.
  package enum Exit: Equatable, Sendable {
    case status(Int32)
    case signal(Int32)
  }

  private enum Life {
    /// Not reaped, so that its pid is its own.
    case running(onExit: (Exit) -> Void)
    case reaped
  }

  /// Our end of the socket pair whose other end is the child's descriptor 3. The owner closes it.
  package let channel: HandleStream
  private var life: Life

  /// Starts `program`.
  ///
  /// - Parameters:
  ///   - program: a path, or a name to be looked for in PATH.
  ///   - arguments: without the program's name, which is put in front.
  ///   - environment: "NAME=value" each; nil is ours.
  ///   - onExit: called once, when the child has been reaped. The owner then closes the `ChildProcess`; closed earlier, it
  ///     forgets the child, which goes on and is not reaped.
  /// - Throws: what fork or exec answered, such as ENOENT.
  package init(
    _ program: String,
    arguments: [String] = [],
    environment: [String]? = nil,
    standardStreams: StandardStreams = .inherited,
    on loop: EventLoop,
    onExit: @escaping (Exit) -> Void
  ) throws(LoopError) {
    let attempt = "start \(program)"
    let (channel, childs) = try Self.makeChannel(on: loop, attempt)
    defer { Glibc.close(childs) }
    self.channel = channel
    life = .running(onExit: onExit)
    var status: Int32 = 0
    do throws(LoopError) {
      try unsafe super.init(on: loop, attempt: attempt) { (raw, process: UnsafeMutablePointer<uv_process_t>) in
        let command = SpawnRequest(
          program: program,
          arguments: [program] + arguments,
          environment: environment,
          descriptors: standardStreams.descriptors + [childs]
        )
        status = unsafe command.spawn(process, on: raw) { handle, status, signal in
          unsafe LoopHandle.owner(of: handle, as: ChildProcess.self)?.exited(status, signal)
        }
        // Also after a failure the handle has to be closed, so for the initialiser below us it was made.
        return 0
      }
    } catch {
      channel.close()
      throw error
    }
    if let error = LoopError.from(status, attempt) {
      channel.close()
      close()
      throw error
    }
  }

  /// The child's process id, for messages.
  package var pid: Int32 { isOpen ? unsafe uv_process_get_pid(raw()) : 0 }

  /// Sends a signal to the child. Does nothing once the child has been reaped, when its pid may be another's.
  package func send(signal: Int32) throws(LoopError) {
    guard isOpen, case .running = life else { return }
    try unsafe LoopError.check(uv_process_kill(raw(), signal), "send signal \(signal) to process \(pid)")
  }

  private func exited(_ status: Int64, _ signal: Int32) {
    guard case .running(let onExit) = life else { return }
    life = .reaped
    onExit(signal == 0 ? .status(Int32(truncatingIfNeeded: status)) : .signal(signal))
  }

  override func willClose() { life = .reaped }

  /// Two connected Unix sockets that no other child inherits: ours as a stream, the child's as a descriptor.
  private static func makeChannel(on loop: EventLoop, _ attempt: String) throws(LoopError) -> (HandleStream, Int32) {
    var pair: [Int32] = [-1, -1]
    try unsafe LoopError.check(uv_socketpair(Int32(SOCK_STREAM.rawValue), 0, &pair, 0, 0), attempt)
    do throws(LoopError) { return (try HandleStream(adopting: pair[0], on: loop), pair[1]) } catch {
      for end in pair { Glibc.close(end) }
      throw error
    }
  }
}

extension ChildProcess.StandardStreams {
  /// Our descriptors for the child's 0, 1 and 2; nil is /dev/null.
  fileprivate var descriptors: [Int32?] {
    switch self {
    case .inherited: [0, 1, 2]
    case .ignored: [nil, nil, nil]
    }
  }
}

/// The arguments of one `uv_spawn`, as Swift values.
struct SpawnRequest {
  let program: String
  let arguments: [String]
  let environment: [String]?
  /// What the child's descriptors 0, 1, ... are copies of; nil is /dev/null.
  let descriptors: [Int32?]
  /// Where it starts; nil is where we are.
  var directory: String?
  /// Whether it is the leader of a session of its own.
  var isDetached = false

  func spawn(
    _ process: UnsafeMutablePointer<uv_process_t>,
    on loop: UnsafeMutablePointer<uv_loop_t>,
    onExit: uv_exit_cb?
  ) -> Int32 {
    var containers = unsafe descriptors.map { descriptor in
      unsafe uv_stdio_container_t(
        flags: descriptor == nil ? UV_IGNORE : UV_INHERIT_FD,
        data: .init(fd: descriptor ?? -1)
      )
    }
    return unsafe program.withCString { file in
      unsafe withCStrings(arguments) { arguments in
        unsafe withCStrings(environment ?? []) { variables in
          unsafe containers.withUnsafeMutableBufferPointer { containers in
            var options = unsafe uv_process_options_t()
            unsafe options.exit_cb = onExit
            unsafe options.file = file
            unsafe options.args = arguments
            unsafe options.env = environment == nil ? nil : variables
            unsafe options.stdio = containers.baseAddress
            unsafe options.stdio_count = Int32(containers.count)
            if isDetached { unsafe options.flags = UV_PROCESS_DETACHED.rawValue }
            return unsafe withOptionalCString(directory) { directory in
              unsafe options.cwd = directory
              return unsafe uv_spawn(loop, process, &options)
            }
          }
        }
      }
    }
  }
}

/// Calls `body` with `strings` in the form of `argv`: C strings, and a null at the end.
private func withCStrings<Result>(
  _ strings: [String],
  _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> Result
) -> Result {
  var copies = unsafe strings.map { unsafe strdup($0) } + [nil]
  defer { for index in unsafe copies.indices { unsafe free(copies[index]) } }
  return unsafe copies.withUnsafeMutableBufferPointer { unsafe body($0.baseAddress) }
}

private func withOptionalCString<Result>(_ text: String?, _ body: (UnsafePointer<CChar>?) -> Result) -> Result {
  guard let text else { return body(nil) }
  return unsafe text.withCString { unsafe body($0) }
}
