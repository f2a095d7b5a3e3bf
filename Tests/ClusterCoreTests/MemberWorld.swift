import Cluster
import HeddleModel

/// Members and a registrar in one room: what one says the other hears at once, unless they are cut off.
struct MemberWorld {
  private(set) var now = Instant(nanoseconds: 0)
  var members: [NodeName: ClusterMember] = [:]
  /// What each member's shell was told to do, but for its talk with the coordinator, which is done here.
  var effects: [NodeName: [MemberEffect]] = [:]
  private var registrar: Registrar
  private var records: [JournalRecord] = []
  /// The members that reach the registrar, by their connections.
  private var clients: [RegistrarClientID: NodeName] = [:]
  private var underWay: [RegistrarEffect] = []
  private var isDelivering = false
  private var lastClient: UInt64 = 0
  private var lastIncarnation: UInt64 = 0

  init() {
    var effects: [RegistrarEffect] = []
    registrar = Registrar.recovered(from: [], orFounding: ClusterID(rawValue: 7), now: now, effects: &effects)
    for case .journal(let record) in effects { records.append(record) }
    now = now.advanced(by: .seconds(6))
  }

  // MARK: - Members

  /// Starts a member and connects it; another start of the same name is on the same seat, unless told otherwise.
  mutating func start(_ name: NodeName, seat: UInt64? = nil, linked: Bool = true) {
    lastIncarnation += 1
    let hash = name.text.utf8.reduce(0) { $0 * 31 + UInt64($1) }
    let identity = MemberIdentity(
      name: name,
      incarnation: Incarnation(rawValue: lastIncarnation),
      seat: Seat(rawValue: seat ?? hash)
    )
    members[name] = ClusterMember(identity, seed: lastIncarnation)
    effects[name] = []
    if linked { connect(name) }
  }

  /// Removes a member without a word to anybody.
  mutating func crash(_ name: NodeName) {
    cut(name)
    members[name] = nil
  }

  mutating func connect(_ name: NodeName) {
    lastClient += 1
    clients[RegistrarClientID(rawValue: lastClient)] = name
    tell(name) { $0.coordinatorFound(now: $1, effects: &$2) }
  }

  /// Cuts a member off from the registrar.
  mutating func cut(_ name: NodeName) {
    for client in clients.keys where clients[client] == name {
      clients[client] = nil
      registrar.clientLeft(client)
    }
    guard members[name] != nil else { return }
    tell(name) { $0.coordinatorLost(now: $1, effects: &$2) }
  }

  /// Links two members in both directions, each saying who it is.
  mutating func link(_ a: NodeName, _ b: NodeName) {
    for (here, there) in [(a, b), (b, a)] {
      guard let other = members[there] else { continue }
      let greeting = NodeGreeting(incarnation: other.identity.incarnation, epoch: other.epoch)
      tell(here) { $0.linkUp(there, greeting, effects: &$2) }
    }
  }

  /// One input to one member, and all that comes of it.
  mutating func tell(_ name: NodeName, _ input: (inout ClusterMember, Instant, inout [MemberEffect]) -> Void) {
    guard var member = members[name] else { return }
    var orders: [MemberEffect] = []
    input(&member, now, &orders)
    members[name] = member
    for order in orders {
      guard case .ask(let id, let request) = order else {
        effects[name, default: []].append(order)
        continue
      }
      guard let client = clients.first(where: { $0.value == name })?.key else { continue }
      var answers: [RegistrarEffect] = []
      registrar.handle(request, id, from: client, now: now, effects: &answers)
      deliver(answers)
    }
  }

  /// Delivers in the order in which the registrar spoke, whatever is said in between.
  private mutating func deliver(_ answers: [RegistrarEffect]) {
    underWay += answers
    guard !isDelivering else { return }
    isDelivering = true
    defer { isDelivering = false }
    while !underWay.isEmpty {
      switch underWay.removeFirst() {
      case .journal(let record): records.append(record)
      case .replaceJournal(let snapshot): records = [.snapshot(snapshot)]
      case .answer(let client, let id, let answer):
        guard let name = clients[client] else { continue }
        tell(name) { $0.answered(id, answer, now: $1, effects: &$2) }
      case .tell(let client, let id, let standing, let news):
        guard let name = clients[client] else { continue }
        tell(name) { $0.told(id, standing, news, now: $1, effects: &$2) }
      }
    }
  }

  // MARK: - Time and the registrar

  /// Lets time pass, with everything that is due on the way.
  mutating func pass(_ span: Duration) {
    let end = now.advanced(by: span)
    while true {
      let dues = [registrar.nextDeadline] + members.keys.sorted().map { members[$0]?.nextDeadline }
      guard let due = dues.compactMap({ $0 }).min(), due <= end else { break }
      now = max(now, due)
      for name in members.keys.sorted() { tell(name) { $0.timePassed(now: $1, effects: &$2) } }
      var answers: [RegistrarEffect] = []
      registrar.timePassed(now: now, effects: &answers)
      deliver(answers)
    }
    now = end
  }

  /// Starts the registrar again with these records of its journal; all members find it at once.
  mutating func restartRegistrar(with kept: (([JournalRecord]) -> [JournalRecord])? = nil, founding: UInt64 = 8) {
    let names = members.keys.sorted()
    for name in names { cut(name) }
    records = kept?(records) ?? records
    var effects: [RegistrarEffect] = []
    registrar = Registrar.recovered(
      from: records,
      orFounding: ClusterID(rawValue: founding),
      now: now,
      effects: &effects
    )
    for case .journal(let record) in effects { records.append(record) }
    for name in names { connect(name) }
  }

  // MARK: - What was seen

  /// What the member's shell was told since this was last asked.
  mutating func take(_ name: NodeName) -> [MemberEffect] {
    defer { effects[name] = [] }
    return (effects[name] ?? []).filter { if case .armFence = $0 { false } else { true } }
  }

  func replies(_ name: NodeName, to token: ClusterToken) -> [ClusterReply] {
    (effects[name] ?? []).compactMap { if case .answer(token, let reply) = $0 { reply } else { nil } }
  }

  func epoch(_ name: NodeName) -> Epoch { members[name]?.epoch ?? Epoch(rawValue: 0) }
}

extension NodeName: ExpressibleByStringLiteral {
  public init(stringLiteral text: String) {
    do { try self.init(text) } catch { preconditionFailure("\(text) is no name: \(error)") }
  }
}

extension EntityName: ExpressibleByStringLiteral {
  public init(stringLiteral text: String) {
    do { try self.init(text) } catch { preconditionFailure("\(text) is no name: \(error)") }
  }
}
