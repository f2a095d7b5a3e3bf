internal import ArgumentParser
internal import Glibc
internal import HeddleClient
internal import HeddleLoop
internal import HeddleModel
internal import HeddleWire

/// A program, or a server, in the foreground: what it reads and writes is what heddle reads and writes, breaks go to it, and
/// it ends with the connection.
struct ForegroundRun {
  private let supervisor: Supervisor
  let thread: ThreadInfo
  private let streams: [(stream: ThreadStream, remote: RemoteStream)]

  /// Starts the program.
  ///
  /// - Parameter node: where; nil is the supervisor itself.
  init(_ spawn: Spawn, on node: EntityName? = nil, over supervisor: Supervisor) async throws(ClientError) {
    self.supervisor = supervisor
    var spawn = spawn
    spawn.stdinPipe = spawn.channel == .none
    let wanted: [ThreadStream] = (spawn.stdinPipe ? [.standardInput] : []) + [.standardOutput, .standardError]
    let (thread, remotes) = try await supervisor.spawn(spawn, on: node, attachedTo: wanted, holdsProgram: true)
    self.thread = thread
    streams = zip(wanted, remotes).map { ($0, $1) }
  }

  /// Makes the server, whose log is what it writes.
  init(_ serve: Serve, over supervisor: Supervisor) async throws(ClientError) {
    self.supervisor = supervisor
    thread = try await supervisor.serve(serve)
    streams = [(.log, try await supervisor.attach(to: .log, of: .id(thread.id), from: 0))]
  }

  /// How the program ended.
  struct End {
    let cause: DeathCause
    /// It was this process that had it killed, since it was interrupted twice.
    let isInterrupted: Bool

    /// The program's own status, unless others ended it.
    func exitCode() throws -> ExitCode {
      switch cause {
      case .exited, .signalled, .failedToStart: return ExitCode(WaitCommand.status(of: cause).rawValue)
      case .timedOut: throw Failure(.timeout, "the program was ended: \(StateWords.cause(cause))")
      case .killed where isInterrupted: return ExitCode(ExitStatus.killed.rawValue)
      case .killed, .custodianShutDown, .daemonEnded, .nodeLost:
        throw Failure(.ownFailure, "the program was ended: \(StateWords.cause(cause))")
      }
    }
  }

  /// Returns when the program is dead and all that it wrote is written.
  func end() async throws -> End {
    let input = InputThread()
    let signals = try await ForegroundSignals(for: thread.id, input, over: supervisor)
    let (supervisor, thread, streams) = (supervisor, ThreadReference.id(thread.id), streams)
    let loop = supervisor.loop
    // It goes on for as long as there is input, and the process does not wait for it.
    if let stream = streams.first(where: { $0.stream == .standardInput })?.remote {
      Task { try await Self.pump(input, into: stream) }
    }
    try await withThrowingTaskGroup { group in
      for (stream, remote) in streams where stream != .standardInput {
        group.addTask {
          do {
            try await Self.pump(remote, to: stream == .standardOutput ? STDOUT_FILENO : STDERR_FILENO, loop)
          } catch {
            // What it writes goes nowhere from now on; and its end is that of the other stream, too. Suspended, it would
            // keep that open.
            _ = try? await supervisor.kill(thread, really: true)
            throw error
          }
        }
      }
      try await group.waitForAll()
    }
    let cause = try await supervisor.wait(for: thread).death.cause
    return End(cause: cause, isInterrupted: await signals.close())
  }

  private static func pump(_ input: InputThread, into stream: RemoteStream) async throws {
    while true {
      let chunk = await input.next()
      // The program may take no more: then nobody wants the rest.
      guard !chunk.isEmpty else { return try await stream.end() }
      try await stream.write(chunk)
    }
  }

  private static func pump(_ stream: RemoteStream, to descriptor: Int32, _ loop: EventLoop) async throws {
    while let chunk = try await stream.read() {
      try await Output.write(chunk.bytes, to: descriptor, beside: loop)
    }
  }
}
