internal import Cluster
internal import DequeModule
internal import HeddleModel

// MARK: - The registrar's daemon

extension Simulation {
  /// A connection's number: 0 is the registrar's own node.
  private static let own = RegistrarClientID(rawValue: 0)

  mutating func startRegistrar() {
    let index = Self.registrarNode
    guard var desk = nodes[index].desk else { return }
    let contents: Journal.Contents
    do throws(JournalError) {
      contents = try Journal.read(desk.disk.durable)
    } catch {
      preconditionFailure("a simulated disk loses what was not synced, and damages nothing: \(error)")
    }
    desk.disk.truncate(to: contents.count)
    desk.writer = contents.writer
    desk.outbox = []
    desk.isSyncing = false
    desk.clients = [Self.own: index]
    var bounds = RegistrarBounds()
    bounds.recordsMax = 60
    bounds.historyMax = 20
    var local = nodes[index].clock.shows(at: now)
    // As if it had begun when the leases of before ran out.
    if mutates(.noGrace), nodes[index].run > 1 { local = Instant(nanoseconds: local.nanoseconds - 6_200_000_000) }
    var effects: [RegistrarEffect] = []
    desk.registrar = Registrar.recovered(
      from: contents.records,
      orFounding: ClusterID(rawValue: random.next()),
      at: Revision(rawValue: now.nanoseconds / 1_000_000),
      bounds: bounds,
      now: local,
      effects: &effects
    )
    nodes[index].desk = desk
    carryOut(effects)
  }

  mutating func registrarTimePassed() {
    stepRegistrar { $0.timePassed(now: $1, effects: &$2) }
  }

  mutating func registrarAsked(_ id: CoordinatorRequestID, _ request: CoordinatorRequest, by peer: Int) {
    guard let client = client(of: peer) else { return }
    stepRegistrar { $0.handle(request, id, from: client, now: $1, effects: &$2) }
  }

  private mutating func stepRegistrar(_ step: (inout Registrar, Instant, inout [RegistrarEffect]) -> Void) {
    let index = Self.registrarNode
    guard var registrar = nodes[index].desk?.registrar else { return }
    nodes[index].desk?.registrar = nil
    var effects: [RegistrarEffect] = []
    step(&registrar, nodes[index].clock.shows(at: now), &effects)
    nodes[index].desk?.registrar = registrar
    carryOut(effects)
    planWake(index)
  }

  // MARK: - Clients

  private func client(of peer: Int) -> RegistrarClientID? {
    nodes[Self.registrarNode].desk?.clients.first { $0.value == peer }?.key
  }

  mutating func clientCame(_ peer: Int) {
    let client = RegistrarClientID(rawValue: newSession())
    nodes[Self.registrarNode].desk?.clients[client] = peer
  }

  mutating func clientLeft(_ peer: Int) {
    guard let client = client(of: peer) else { return }
    nodes[Self.registrarNode].desk?.clients[client] = nil
    stepRegistrar { registrar, _, _ in registrar.clientLeft(client) }
  }

  /// A member asks: over the link, or its own daemon's registrar.
  mutating func ask(_ id: CoordinatorRequestID, _ request: CoordinatorRequest, from index: Int) {
    let request = mutated(request)
    nodes[index].asked[id] = now
    if index == Self.registrarNode {
      stepRegistrar { $0.handle(request, id, from: Self.own, now: $1, effects: &$2) }
    } else {
      send(.request(id, request), from: index, to: Self.registrarNode)
    }
  }

  private func mutated(_ request: CoordinatorRequest) -> CoordinatorRequest {
    switch request {
    case .claim(let transaction) where mutates(.nameUnguarded):
      guard case .put(let key, let value, _)? = transaction.operations.first, key.hasPrefix("names/") else {
        return request
      }
      return .claim(CoordinatorTransaction(if: [.isAbsent(key)], then: [.put(key, value, lease: nil)]))
    case .release(let key, _) where mutates(.releaseUnguarded):
      return .claim(CoordinatorTransaction(if: [], then: [.delete(key)]))
    default: return request
    }
  }

  // MARK: - Its effects

  private mutating func carryOut(_ effects: [RegistrarEffect]) {
    nodes[Self.registrarNode].desk?.outbox.append(contentsOf: effects)
    drain()
  }

  /// Does what is to be done up to where the disk has to be waited for.
  private mutating func drain() {
    let index = Self.registrarNode
    while let effect = nodes[index].desk?.outbox.first {
      switch effect {
      case .journal(let record):
        if nodes[index].desk?.isSyncing == true, !mutates(.answerBeforeSync) { return }
        let bytes = nodes[index].desk?.writer.bytes(of: record) ?? []
        nodes[index].desk?.disk.append(bytes)
      case .replaceJournal(let snapshot):
        if nodes[index].desk?.isSyncing == true { return }
        var writer = Journal.Writer()
        nodes[index].desk?.disk.replace(with: writer.bytes(of: .snapshot(snapshot)))
        nodes[index].desk?.writer = writer
      case .answer, .tell:
        if nodes[index].desk?.disk.isSynced == false {
          sync()
          guard mutates(.answerBeforeSync) else { return }
        }
      }
      // What is delivered may bring on more that is to be done, which comes behind.
      nodes[index].desk?.outbox.removeFirst()
      deliver(effect)
    }
  }

  private mutating func sync() {
    let index = Self.registrarNode
    guard nodes[index].desk?.isSyncing == false else { return }
    nodes[index].desk?.isSyncing = true
    let most: UInt64 = mutates(.answerBeforeSync) ? 3_000 : 20
    queue.add(.daemon(index, run: nodes[index].run, .synced), at: soon(most))
  }

  mutating func journalSynced() {
    let index = Self.registrarNode
    nodes[index].desk?.isSyncing = false
    nodes[index].desk?.disk.sync()
    nodes[index].desk?.writer.synced()
    drain()
  }

  private mutating func deliver(_ effect: RegistrarEffect) {
    let index = Self.registrarNode
    switch effect {
    case .answer(let client, let id, let answer):
      guard let peer = nodes[index].desk?.clients[client] else { return }
      if peer == index {
        coordinatorAnswered(id, answer, at: index)
      } else {
        send(.answer(id, answer), from: index, to: peer)
      }
    case .tell(let client, let id, let standing, let news):
      guard let peer = nodes[index].desk?.clients[client] else { return }
      if peer == index {
        coordinatorTold(id, standing, news, at: index)
      } else {
        send(.news(id, standing, news), from: index, to: peer)
      }
    case .journal, .replaceJournal: break
    }
  }
}
