import HeddleClient
import HeddleModel
import HeddleWire

/// Many threads that are processes, in a custodian of their own, of all of which something is asked at once, as a client
/// does that does not wait for each answer.
///
/// Their program is the limits' `child`, if there is one: it costs least to start, so that what is measured is ours.
struct ProcessCrowd {
  let supervisor: Supervisor
  let threads: [ThreadID]
  private let place: CustodianPath

  /// Starts `count` threads in a new custodian.
  ///
  /// - Parameters:
  ///   - name: of the custodian.
  ///   - nodes: the nodes that have them in turn, and share the custodian; none is the supervisor's own alone.
  ///   - limits: where the limits' programs are.
  static func start(
    _ count: Int,
    named name: String = "crowd",
    on supervisor: Supervisor,
    across nodes: [EntityName] = [],
    limits: String?
  ) async throws -> ProcessCrowd {
    var place = try CustodianPath(parsing: "/main/\(name)")
    try await supervisor.custodianNew(place)
    if !nodes.isEmpty { place = try await supervisor.shareCustodian(place, adopt: false) }
    let program = limits.map { ["\($0)/child"] } ?? ["/bin/sleep", "1000"]
    let spawn = Spawn(
      in: place,
      argv: program.map { Array($0.utf8) },
      environment: [Array("PATH=/usr/bin:/bin".utf8)],
      cwd: Array("/".utf8),
      stdinPipe: true
    )
    let threads = try await forEach(Array(0..<count)) { index in
      try await supervisor.spawn(spawn, on: nodes.isEmpty ? nil : nodes[index % nodes.count]).id
    }
    return ProcessCrowd(supervisor: supervisor, threads: threads, place: place)
  }

  /// Asks for the same of each, and returns when all is answered.
  func each(_ ask: @escaping @Sendable (Supervisor, ThreadID) async throws -> Void) async throws {
    _ = try await Self.forEach(threads) { [supervisor] in try await ask(supervisor, $0) }
  }

  func suspend() async throws { try await each { try await $0.suspend(.id($1)) } }

  func resume() async throws { try await each { try await $0.resume(.id($1)) } }

  /// Shuts the custodian down.
  func end() async throws { _ = try await supervisor.custodianShutdown(place) }

  private static func forEach<Element: Sendable, Answer: Sendable>(
    _ elements: [Element],
    _ ask: @escaping @Sendable (Element) async throws -> Answer
  ) async throws -> [Answer] {
    try await withThrowingTaskGroup(of: Answer.self) { group in
      for element in elements { group.addTask { try await ask(element) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
  }
}
