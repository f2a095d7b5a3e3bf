internal import Cluster
internal import DequeModule
internal import HeddleModel

/// A machine with a daemon, a keeper and threads. A class, so that looking at one of its parts copies none.
final class SimulatedNode {
  enum State {
    case down
    case running
    /// The daemon does nothing (SIGSTOP); the keeper and the threads go on.
    case stopped
  }

  /// A thread's body: what it does does not depend on the daemon.
  struct Body {
    let thread: ThreadID
    let policy: PartitionPolicy
    let custodian: SharedCustodianID?
    let name: (EntityName, Fence)?
    var isFrozen: Bool
    /// How many messages it sent to each other thread.
    var letters: [ThreadID: UInt64] = [:]
  }

  /// What a token of the member's was for.
  enum Errand {
    case name(EntityName, ThreadID)
    case spawn(SharedCustodianID, ThreadID)
    case custodian
    case shutdown(SharedCustodianID)
  }

  /// A thread of another node that the daemon knows of.
  struct Remote {
    let thread: ThreadID
    let node: Int
    let incarnation: Incarnation
  }

  /// The fork server, which fences by itself.
  struct Keeper {
    var arming = 0
    var deadline: Instant?
    var guarded: [ThreadID: PartitionPolicy] = [:]
    /// What is to die, also if it has not begun.
    var doomed: Set<ThreadID> = []
  }

  let name: NodeName
  let clock: SimulatedClock
  var state = State.down
  /// Counts its starts; also its incarnation.
  var run = 0
  /// Living ones, oldest first.
  var bodies: [Body] = []
  var keeper = Keeper()
  /// What it was told about threads is done in order: not before this.
  var deedsUntil = Instant(nanoseconds: 0)
  /// What it reports arrives in order: not before this.
  var reportsUntil = Instant(nanoseconds: 0)

  // Of the daemon's present run.
  var member: ClusterMember?
  var backlog: Deque<Happening> = []
  var links: [Link?]
  /// By node: what came of a stay that this one has not heard of yet, in order.
  var held: [[Frame]]
  var wakeAt: Instant?
  var lastToken: UInt64 = 0
  var errands: [ClusterToken: Errand] = [:]
  var policies: [ThreadID: PartitionPolicy] = [:]
  /// The living ones of its own that others may know of, oldest first.
  var announced: [Announced] = []
  var remotes: [Remote] = []
  /// When each request was sent that is not answered.
  var asked: [CoordinatorRequestID: Instant] = [:]
  /// By how much too late it fences, in nanoseconds: of a mutant.
  var lateness: UInt64 = 0

  /// On one node only.
  var desk: RegistrarDesk?

  init(name: NodeName, clock: SimulatedClock, nodeCount: Int) {
    self.name = name
    self.clock = clock
    links = Array(repeating: nil, count: nodeCount)
    held = Array(repeating: [], count: nodeCount)
  }
}

/// The registrar's daemon: the value, what it wants done, and the disk.
struct RegistrarDesk {
  var registrar: Registrar?
  var disk = SimulatedDisk()
  var writer = Journal.Writer()
  /// Not yet done, in order: answers wait for the records before them.
  var outbox: Deque<RegistrarEffect> = []
  var isSyncing = false
  /// The client at the other end of each link; 0 is the node itself.
  var clients: [RegistrarClientID: Int] = [:]
  var isDiskLost = false
}
