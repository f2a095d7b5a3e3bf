import heddle_replay

/// The thread model written down a second time, slow and obvious, straight from the two pages and the checklist.
///
/// Nothing is remembered that can be found out by looking: managers are the list of memberships filtered, ancestry is a
/// walk, a wait is ready when one of its branches, asked anew, says so. It shares no code with the core, so that what the
/// two agree on is what the pages say.
///
/// Everything that happens, an operation or an agent's step, goes in three parts: first all that it decides; then the
/// waits that have become ready end, longest first, each by its first ready branch; then the bodies of the threads that
/// were stopped, ended or set going say so one by one, each followed by the waits that this makes ready. So bodies answer
/// at once, and a killed thread is dead in the same step.
final class NaiveModel: Subject {
  /// The driver's own custodian, above every root.
  let driver = NaiveCustodian(name: nil, parent: nil)
  /// In creation order, without the driver's.
  var custodians: [NaiveCustodian] = []
  /// In creation order.
  var threads: [NaiveThread] = []
  /// Which thread is under which custodian, in the order in which they came there.
  var memberships: [(thread: NaiveThread, custodian: NaiveCustodian)] = []
  /// Which thread has been vouched for by which, in the order in which it was first said.
  var attachments: [(benefactor: NaiveThread, dependent: NaiveThread)] = []
  /// The events that the driver keeps, oldest first.
  var events: [(name: EventName, event: NaiveEvent)] = []
  var semaphores: [SemaphoreName: Int] = [:]
  var channels: Set<ChannelName> = []
  var nacks: [NackName: NaiveNack] = [:]
  /// Names that were given to nested threads which may never come to be.
  var nestedNames: Set<ThreadName> = []
  /// What bodies were told and have not answered yet, oldest first.
  var orders: [NaiveOrder] = []
  /// The clock, in milliseconds.
  var now = 0
  /// Places in a queue that were given out so far.
  var tickets = 0
  /// What agents reported since the operation began.
  var reports: [Observation.Event] = []

  private var threadsByName: [ThreadName: NaiveThread] = [:]
  private var custodiansByName: [CustodianName: NaiveCustodian] = [:]

  init() { add(NaiveCustodian(name: .root, parent: driver)) }

  func perform(_ operation: Operation) throws -> Observation {
    reports = []
    let result = try outcome(of: operation)
    conclude()
    settle()
    return observation(result)
  }

  private func observation(_ result: Outcome) -> Observation {
    var events: [Observation.Event] = []
    for thread in threads where !reports.isEmpty { events += reports.filter { $0.thread == thread.name } }
    var states: [ThreadName: ThreadState] = [:]
    for thread in threads { states[thread.name] = thread.state }
    return Observation(
      result: result,
      events: events,
      states: states,
      down: custodians.filter(\.isDown).compactMap(\.name)
    )
  }
}

extension NaiveModel {
  func add(_ custodian: NaiveCustodian) {
    custodians.append(custodian)
    if let name = custodian.name { custodiansByName[name] = custodian }
  }

  func add(_ thread: NaiveThread) {
    threads.append(thread)
    threadsByName[thread.name] = thread
  }

  func thread(_ name: ThreadName) throws(NameError) -> NaiveThread {
    guard let thread = threadsByName[name] else { throw .unknown(name.text) }
    return thread
  }

  func custodian(_ name: CustodianName) throws(NameError) -> NaiveCustodian {
    guard let custodian = custodiansByName[name] else { throw .unknown(name.text) }
    return custodian
  }

  func event(_ name: EventName) throws(NameError) -> NaiveEvent {
    guard let known = events.first(where: { $0.name == name }) else { throw .unknown(name.text) }
    return known.event
  }

  func expectNew(_ name: ThreadName) throws(NameError) {
    if threadsByName[name] != nil || nestedNames.contains(name) { throw .taken(name.text) }
  }

  func expectNew(_ name: CustodianName) throws(NameError) {
    if custodiansByName[name] != nil { throw .taken(name.text) }
  }

  func expectNew(_ name: EventName) throws(NameError) {
    if events.contains(where: { $0.name == name }) { throw .taken(name.text) }
  }
}
