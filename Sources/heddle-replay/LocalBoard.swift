internal import HeddleThreads
internal import Synchronization

/// What the driver and the agents of one trace know in common: what the names stand for, and what was reported.
final class LocalBoard: Sendable {
  struct Tables: Sendable {
    var threads = NameTable<ThreadName, LocalThread>()
    var custodians = NameTable<CustodianName, Custodian>()
    var events = NameTable<EventName, LocalStateEvent>()
    var semaphores: [SemaphoreName: HeddleThreads.Semaphore] = [:]
    var channels: [ChannelName: HeddleThreads.Channel<Int>] = [:]
    var nacks: [NackName: AnyEvent<Void>] = [:]
    /// In the order of creation.
    var agents: [LocalAgent] = []
    /// What was reported during this operation.
    var reports: [ThreadName: [Report]] = [:]
    /// The first error of an agent that is no business of the model.
    var failure: (any Error)?
  }

  private let tables = Mutex(Tables())

  func change<Answer: Sendable>(_ change: (inout Tables) throws -> Answer) rethrows -> Answer {
    try tables.withLock { try change(&$0) }
  }

  func report(_ report: Report, by agent: ThreadName) {
    tables.withLock { $0.reports[agent, default: []].append(report) }
  }

  func thread(_ name: ThreadName) throws -> LocalThread { try change { try $0.threads[name] } }
  func custodian(_ name: CustodianName) throws -> Custodian { try change { try $0.custodians[name] } }
  func event(_ name: EventName) throws -> LocalStateEvent { try change { try $0.events[name] } }
  func semaphore(_ name: SemaphoreName) throws -> HeddleThreads.Semaphore {
    try change { try $0.semaphores.known(name) }
  }
  func channel(_ name: ChannelName) throws -> HeddleThreads.Channel<Int> { try change { try $0.channels.known(name) } }
}

extension Dictionary where Key: Name {
  fileprivate func known(_ name: Key) throws -> Value {
    guard let value = self[name] else { throw NameError.unknown(name.text) }
    return value
  }

  func requireFree(_ name: Key) throws {
    if self[name] != nil { throw NameError.taken(name.text) }
  }
}

/// A state event that the driver keeps.
enum LocalStateEvent: Equatable, Sendable {
  case death(DeathEvent)
  case suspension(SuspensionEvent)
  case resumption(ResumptionEvent)

  init(_ kind: StateEventKind, of thread: LocalThread) {
    switch kind {
    case .dead: self = .death(thread.death)
    case .suspend: self = .suspension(thread.suspension)
    case .resume: self = .resumption(thread.resumption)
    }
  }

  /// The event, with the thread that it gives; nil when it gives itself.
  var event: AnyEvent<LocalThread?> {
    switch self {
    case .death(let event): event.wrap { _ in nil }
    case .suspension(let event): event.wrap { $0 }
    case .resumption(let event): event.wrap { $0 }
    }
  }
}
