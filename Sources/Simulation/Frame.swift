internal import Cluster
internal import HeddleModel

/// What daemons say to each other over a link.
enum Frame {
  case request(CoordinatorRequestID, CoordinatorRequest)
  case answer(CoordinatorRequestID, CoordinatorAnswer)
  case news(CoordinatorRequestID, CoordinatorStanding, CoordinatorNews)
  case mail(Letter)
  /// These threads of the sender's are there.
  case announce([Announced])
  /// This thread of the sender's is dead.
  case died(ThreadID)
  /// Which of these are dead?
  case ask([ThreadID])
}

/// A message from thread to thread.
struct Letter {
  let from: ThreadID
  let to: ThreadID
  /// Counted for each pair of threads, from 1.
  let number: UInt64
  /// The node of the receiver.
  let destination: Int
}

struct Announced {
  let thread: ThreadID
  let policy: PartitionPolicy
}

/// What the network carries: it may lose it, delay it, double it, and bring it out of order.
enum Packet {
  /// A link is wanted: by this session of the sender's; in answer to that one, if it is not 0.
  case hello(session: UInt64, echo: UInt64, NodeGreeting)
  case data(from: UInt64, to: UInt64, number: UInt64, Frame, acknowledged: UInt64)
  case acknowledge(from: UInt64, to: UInt64, acknowledged: UInt64)
}
