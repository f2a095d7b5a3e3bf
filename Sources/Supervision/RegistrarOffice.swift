internal import Cluster
internal import DequeModule
internal import HeddleModel

/// The cluster's registrar at work on this node: what it decided is done when the journal has it.
///
/// "Before anything that follows a record is done, that record is on the disk": what follows waits here, in order, until the
/// journal says so. Records go on being decided meanwhile, and share the disk's next turn.
struct RegistrarOffice: Sendable {
  /// What is to be done now.
  enum Deed: Sendable {
    case append(JournalRecord)
    case replace(RegistrarSnapshot)
    case answer(RegistrarClientID, CoordinatorRequestID, CoordinatorAnswer)
    case tell(RegistrarClientID, CoordinatorRequestID, CoordinatorTold)
  }

  /// This node itself, as a client; the others are known by their links, whose numbers are smaller.
  static let thisNode = RegistrarClientID(rawValue: .max)

  private(set) var registrar: Registrar
  /// The records that the journal was given, and those that are on the disk.
  private var written: UInt64 = 0
  private var durable: UInt64 = 0
  private var waiting: Deque<(after: UInt64, deed: Deed)> = []
  /// The disk has failed: nothing is answered any more.
  private(set) var isClosed = false

  /// - Parameter deeds: the record of this start is among them.
  init(_ registrar: Registrar, _ effects: [RegistrarEffect], deeds: inout [Deed]) {
    self.registrar = registrar
    take(effects, deeds: &deeds)
  }

  /// One input of the registrar's.
  mutating func decide(deeds: inout [Deed], _ input: (inout Registrar, inout [RegistrarEffect]) -> Void) {
    guard !isClosed else { return }
    var effects: [RegistrarEffect] = []
    input(&registrar, &effects)
    take(effects, deeds: &deeds)
  }

  private mutating func take(_ effects: [RegistrarEffect], deeds: inout [Deed]) {
    for effect in effects {
      switch effect {
      case .journal(let record):
        written += 1
        deeds.append(.append(record))
      case .replaceJournal(let snapshot):
        written += 1
        deeds.append(.replace(snapshot))
      case .answer(let client, let id, let answer): whenDurable(.answer(client, id, answer), deeds: &deeds)
      case .tell(let client, let id, let standing, let news):
        whenDurable(.tell(client, id, CoordinatorTold(standing: standing, news: news)), deeds: &deeds)
      }
    }
  }

  private mutating func whenDurable(_ deed: Deed, deeds: inout [Deed]) {
    if durable >= written { deeds.append(deed) } else { waiting.append((written, deed)) }
  }

  /// So many of the records that the journal was given are on the disk.
  mutating func synced(_ count: UInt64, deeds: inout [Deed]) {
    durable = max(durable, min(count, written))
    while let first = waiting.first, first.after <= durable { deeds.append(waiting.removeFirst().deed) }
  }

  /// The disk has failed: what was decided since may be lost, so nobody is ever told of it.
  mutating func close() {
    isClosed = true
    waiting = []
  }
}
