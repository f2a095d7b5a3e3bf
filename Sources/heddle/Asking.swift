internal import HeddleClient
internal import HeddleLoop
internal import HeddleModel
internal import HeddleWire
internal import Synchronization

/// The threads that `stop` has asked to end and that have not, as a line says it.
final class Asking: Sendable {
  private let waiting: Mutex<Waiting>

  /// They were just asked, by SIGTERM or a break of its kind.
  init(_ threads: [ThreadInfo], for grace: Duration, over supervisor: Supervisor) {
    var waiting = Waiting(for: threads.map(\.label), from: EventLoop.now, grace: grace)
    waiting.enter(.terminated, at: EventLoop.now)
    self.waiting = Mutex(waiting)
    for thread in threads {
      // Deaths come in any order. A wait that fails is of no more interest than the connection.
      Task {
        _ = try? await supervisor.wait(for: .id(thread.id))
        remove(thread)
      }
    }
  }

  var text: String? { waiting.withLock { $0.text(at: EventLoop.now) } }

  func timeIsUp() { waiting.withLock { if $0.stage != .killed { $0.enter(.killed, at: EventLoop.now) } } }

  /// It has ended, or is suspended for good.
  func remove(_ thread: ThreadInfo) { waiting.withLock { $0.names.removeAll { $0 == thread.label } } }
}
