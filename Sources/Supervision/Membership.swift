internal import Cluster
internal import DequeModule
internal import HeddleModel
internal import HeddleWire

/// This node's part in what all nodes of its cluster agree on: the member, and the registrar where that is this node.
struct Membership: Sendable {
  private(set) var member: ClusterMember
  /// nil on all nodes but the registrar's, and there until its journal was read.
  var office: RegistrarOffice?
  /// What the leases' clock shows: CLOCK_BOOTTIME, which goes on while the machine sleeps; clock_gettime(2).
  var clock: Instant
  /// Over which the registrar is asked; nil while there is none, and where the registrar is this node.
  var registrarLink: ConnectionID?
  /// What the member has ordered, and nobody has done yet.
  var due: Deque<MemberEffect> = []
  var isCarryingOut = false
  /// Whether the history has it that the lease is not renewed.
  var wasFenced = false
  /// Who waits for the cluster's word.
  var petitions: [ClusterToken: Petition] = [:]
  var places = SharedPlaces()
  private var lastToken: UInt64 = 0
  /// When something here waits for time, by the leases' clock.
  private(set) var deadline: Instant?

  init(_ identity: MemberIdentity, seed: UInt64, clock: Instant) {
    member = ClusterMember(identity, seed: seed)
    self.clock = clock
  }

  /// One input of the member's; what it orders goes to the end of `due`.
  mutating func decide(_ input: (inout ClusterMember, Instant, inout [MemberEffect]) -> Void) {
    var orders: [MemberEffect] = []
    input(&member, clock, &orders)
    due.append(contentsOf: orders)
    noteDeadline()
  }

  mutating func noteDeadline() {
    let registrar = office.flatMap { $0.isClosed ? nil : $0.registrar.nextDeadline }
    deadline = [member.nextDeadline, registrar].compactMap(\.self).min()
  }

  /// A new number for somebody who asks the cluster for something.
  mutating func token(for petition: Petition) -> ClusterToken {
    lastToken += 1
    let token = ClusterToken(rawValue: lastToken)
    petitions[token] = petition
    return token
  }
}

/// Somebody who has asked the cluster for something.
enum Petition: Sendable {
  /// That a node's stay be ended.
  case fence(EntityName, ConnectionID, RequestID)
  /// That a thread's global name be its own.
  case name(ThreadID)
  /// That a thread may start in a shared custodian, and then that others know it has.
  case start(ThreadID)
  /// That a custodian of this node be the cluster's.
  case custodian(CustodianID, ConnectionID, RequestID)
  /// That a shared custodian be shut down.
  case shutdown(SharedCustodianID, ConnectionID, RequestID)
  /// Nobody waits.
  case nobody

  /// Whose request it is, if it is one's.
  var asker: (ConnectionID, RequestID)? {
    switch self {
    case .fence(_, let connection, let request), .custodian(_, let connection, let request),
      .shutdown(_, let connection, let request):
      (connection, request)
    case .name, .start, .nobody: nil
    }
  }
}
