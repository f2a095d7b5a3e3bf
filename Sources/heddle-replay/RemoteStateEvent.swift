internal import HeddleClient
internal import HeddleModel
internal import HeddleThreads

/// A state event of a remote thread that the driver keeps; as text it goes to agents.
struct RemoteStateEvent: Equatable, Sendable {
  private let kind: StateEventKind
  private let change: RemoteChange

  init(_ kind: StateEventKind, of thread: RemoteThread) async throws {
    self.kind = kind
    change =
      switch kind {
      case .dead: thread.death.change
      case .suspend: try await thread.suspension().change
      case .resume: try await thread.resumption().change
      }
  }

  /// The event, with the thread that it gives; nil when it gives itself.
  var event: AnyEvent<RemoteThread?> { change.event(giving: kind == .dead ? nil : change.thread) }

  // MARK: - As text

  /// The kind, the generation and the thread's reference.
  var text: String { "\(kind.rawValue) \(change.event.generation) \(change.thread.reference)" }

  init?(text: String, at supervisor: Supervisor) {
    let parts = text.split(separator: " ").map(String.init)
    guard parts.count == 3, let kind = StateEventKind(rawValue: parts[0]), let generation = UInt64(parts[1]),
      let thread = try? supervisor.thread(referredToBy: parts[2])
    else { return nil }
    self.kind = kind
    change = RemoteChange(
      thread: thread,
      event: StateEvent(thread: thread.id, kind: kind.model, generation: generation)
    )
  }
}
