internal import Glibc
internal import HeddleClient
internal import HeddleLoop
internal import HeddleModel
internal import HeddleThreads
internal import HeddleWire

/// What makes the events of the command line ready: each begins when it is asked for here, and is waited for with `sync`.
struct EventSources {
  /// For events that a daemon tells of; nil when there are none.
  let supervisor: Supervisor?
  let loop: EventLoop

  func event(_ kind: EventArgument.Kind) async throws -> AnyEvent<Void> {
    switch kind {
    case .state(let kind, let selector):
      guard let supervisor else { preconditionFailure("a daemon was connected to, since an event is a thread's") }
      var events: [AnyEvent<Void>] = []
      for thread in try await selector.threads(of: supervisor, includingDead: kind == .death) {
        events.append(try await Self.event(kind, of: RemoteThread(thread.id, at: supervisor)))
      }
      return choice(events).erased
    case .mail:
      guard let supervisor else { preconditionFailure("a daemon was connected to, since it tells of mail") }
      return supervisor.mailArrival
    case .timer(let duration):
      return promise { promise in try Timer(on: loop) { promise.fulfill(()) }.start(after: duration) }
    case .at(let date): return alarm(at: date)
    case .signal(let number):
      return promise { promise in _ = try SignalWatcher(number, on: loop) { promise.fulfill(()) } }
    case .standardInput:
      let readable = Promise<Void>()
      Self.watchStandardInput { readable.fulfill(()) }
      return readable.erased
    }
  }

  /// Whoever ends this process by a signal, or its time is up: what it is to exit with.
  func ending(within limit: Duration?) async throws -> AnyEvent<ExitStatus?> {
    var ends: [AnyEvent<ExitStatus?>] = []
    for number in [SIGINT, SIGTERM, SIGHUP] {
      ends.append(try await event(.signal(number)).wrap { .signalled(number) })
    }
    if let limit { ends.append(try await event(.timer(limit)).wrap { .timeout }) }
    return choice(ends).erased
  }

  /// Waits for the event; or, at most, until somebody ends this process, or its time is up.
  ///
  /// - Returns: what it is to exit with then; nil if the event came first.
  func first(of kind: EventArgument.Kind, within limit: Duration?) async throws -> ExitStatus? {
    try await sync(event(kind).wrap { nil }, ending(within: limit))
  }

  private static func event(_ kind: StateEvent.Kind, of thread: RemoteThread) async throws -> AnyEvent<Void> {
    switch kind {
    case .death: thread.death.wrap { _ in }
    case .suspension: try await thread.suspension().wrap { _ in }
    case .resumption: try await thread.resumption().wrap { _ in }
    }
  }

  /// An event that something on the loop makes ready.
  private func promise(_ begin: @escaping @Sendable (Promise<Void>) throws -> Void) -> AnyEvent<Void> {
    let promise = Promise<Void>()
    // Without descriptors it cannot begin, and is never ready.
    loop.perform { try? begin(promise) }
    return promise.erased
  }

  /// Calls `isReady` when there is something to read, or its end; poll(2). On a thread of its own, which ends with the
  /// process.
  private static func watchStandardInput(_ isReady: @escaping @Sendable () -> Void) {
    let context = unsafe Unmanaged.passRetained(Callback(isReady)).toOpaque()
    var thread = pthread_t()
    unsafe pthread_create(
      &thread,
      nil,
      { context in
        var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        while unsafe poll(&input, 1, -1) < 0, errno == EINTR {}
        if let context = unsafe context { unsafe Unmanaged<Callback>.fromOpaque(context).takeRetainedValue().call() }
        return nil
      },
      context
    )
  }

  private final class Callback: Sendable {
    let call: @Sendable () -> Void
    init(_ call: @escaping @Sendable () -> Void) { self.call = call }
  }
}
