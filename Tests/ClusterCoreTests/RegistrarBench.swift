import Cluster
import CoordinatorConformance
import HeddleModel

/// The static registrar under a clock of the test's and with a journal in memory.
actor RegistrarBench: CoordinatorBench {
  nonisolated let ttl = Duration.seconds(6)
  private(set) var now = Instant(nanoseconds: 0)
  private var registrar: Registrar
  private(set) var journal: [UInt8] = []
  private var writer = Journal.Writer()
  private var lastClient: UInt64 = 0
  private var answers: [Key: CheckedContinuation<Result<CoordinatorAnswer, CoordinatorError>, Never>] = [:]
  private var watches: [Key: AsyncStream<CoordinatorNews>.Continuation] = [:]
  private let bounds: RegistrarBounds

  private struct Key: Hashable {
    let client: RegistrarClientID
    let request: CoordinatorRequestID
  }

  init(bounds: RegistrarBounds = RegistrarBounds()) {
    self.bounds = bounds
    var effects: [RegistrarEffect] = []
    registrar = Registrar.recovered(
      from: [],
      orFounding: ClusterID(rawValue: 7),
      bounds: bounds,
      now: now,
      effects: &effects
    )
    for case .journal(let record) in effects { journal += writer.bytes(of: record) }
    writer.synced()
    // Beyond the time in which nothing is granted.
    now = now.advanced(by: ttl)
  }

  func connect() -> any Coordinator {
    lastClient += 1
    return Client(bench: self, id: RegistrarClientID(rawValue: lastClient))
  }

  func pass(_ span: Duration) {
    let end = now.advanced(by: span)
    while let next = registrar.nextDeadline, next <= end {
      now = max(now, next)
      var effects: [RegistrarEffect] = []
      registrar.timePassed(now: now, effects: &effects)
      perform(effects)
    }
    now = end
  }

  func restart() throws {
    let contents = try Journal.read(journal)
    writer = contents.writer
    for watch in watches.values { watch.finish() }
    watches = [:]
    var effects: [RegistrarEffect] = []
    registrar = Registrar.recovered(
      from: contents.records,
      orFounding: ClusterID(rawValue: 8),
      bounds: bounds,
      now: now,
      effects: &effects
    )
    perform(effects)
    pass(ttl)
  }

  fileprivate func ask(
    _ request: CoordinatorRequest,
    _ id: CoordinatorRequestID,
    _ client: RegistrarClientID
  ) async -> Result<CoordinatorAnswer, CoordinatorError> {
    await withCheckedContinuation { continuation in
      answers[Key(client: client, request: id)] = continuation
      var effects: [RegistrarEffect] = []
      registrar.handle(request, id, from: client, now: now, effects: &effects)
      perform(effects)
    }
  }

  fileprivate func watch(
    _ prefix: String,
    _ revision: Revision,
    _ id: CoordinatorRequestID,
    _ client: RegistrarClientID
  ) async throws(CoordinatorError) -> AsyncStream<CoordinatorNews> {
    let (stream, continuation) = AsyncStream<CoordinatorNews>.makeStream()
    watches[Key(client: client, request: id)] = continuation
    switch try await ask(.watch(prefix: prefix, from: revision), id, client).get().response {
    case .watching: return stream
    case .compacted(let oldest): throw .compacted(before: oldest)
    case .refused(let refusal): throw .refused(refusal)
    default: throw .lost
    }
  }

  private func perform(_ effects: [RegistrarEffect]) {
    for effect in effects {
      switch effect {
      case .journal(let record):
        journal += writer.bytes(of: record)
        writer.synced()
      case .replaceJournal(let snapshot):
        writer = Journal.Writer()
        journal = writer.bytes(of: .snapshot(snapshot))
        writer.synced()
      case .answer(let client, let id, let answer):
        answers.removeValue(forKey: Key(client: client, request: id))?.resume(returning: .success(answer))
      case .tell(let client, let id, _, let news):
        watches[Key(client: client, request: id)]?.yield(news)
      }
    }
  }

  private actor Client: Coordinator {
    let bench: RegistrarBench
    let id: RegistrarClientID
    var last: UInt64 = 0

    init(bench: RegistrarBench, id: RegistrarClientID) {
      self.bench = bench
      self.id = id
    }

    private func next() -> CoordinatorRequestID {
      last += 1
      return CoordinatorRequestID(rawValue: last)
    }

    func perform(_ request: CoordinatorRequest) async throws(CoordinatorError) -> CoordinatorAnswer {
      try await bench.ask(request, next(), id).get()
    }

    func watch(
      _ prefix: String,
      from revision: Revision
    ) async throws(CoordinatorError) -> AsyncStream<CoordinatorNews> {
      try await bench.watch(prefix, revision, next(), id)
    }
  }
}
