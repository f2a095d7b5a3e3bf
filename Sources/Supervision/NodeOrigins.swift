internal import HeddleModel
internal import HeddleWire

/// Where a process came from, by the kernel's word.
package struct ProcessOrigin: Equatable, Sendable {
  /// Where it is in the hierarchy of cgroup v2, from the root that the supervisor sees; empty when that is not known.
  package let cgroup: String
  /// The child of the keeper that it is, or descends from; nil when there is none.
  package let root: Int32?

  package init(cgroup: String = "", root: Int32? = nil) {
    self.cgroup = cgroup
    self.root = root
  }
}

// Which thread a client is a part of. A process is in a thread's tree for good, from its fork on, so this is found out
// once: by its cgroup, or by the keeper's child above it, which is a warden, or the program itself.

extension Node {
  /// Finds out which thread the client of a new connection is a part of, if that can be known now.
  mutating func place(_ connection: ConnectionID) {
    guard let origin = connections[connection]?.peer.origin else { return }
    let own = thread(of: origin)
    connections[connection]?.own = own
    // Its program runs, and the keeper's report of that is on its way.
    if origin.root != nil, own == nil { unplaced.insert(connection) }
  }

  /// A program was reported: clients that were waited for it may be of its tree.
  mutating func placeLater(effects: inout Effects) {
    for connection in unplaced.sorted() {
      guard let origin = connections[connection]?.peer.origin, let thread = thread(of: origin) else { continue }
      unplaced.remove(connection)
      connections[connection]?.own = thread
      let frames = connections[connection]?.deferred ?? []
      connections[connection]?.deferred = []
      for frame in frames { handleRequest(frame, on: connection, effects: &effects) }
    }
  }

  /// Whether a request is kept until it is known of which thread its client is a part; so are those behind it.
  mutating func isDeferred(
    _ frame: Frame,
    _ command: Request.Command,
    on connection: ConnectionID
  ) throws(WireRefusal) -> Bool {
    guard unplaced.contains(connection), let deferred = connections[connection]?.deferred,
      command.isOfOwnMail || !deferred.isEmpty
    else { return false }
    guard deferred.count < Limits.deferredMax else {
      throw Sentences.tooMany("requests that wait", Limits.deferredMax, attempted: "take", subject: "a request")
    }
    connections[connection]?.deferred.append(frame)
    return true
  }

  /// The keeper's children of the thread's processes are known from now on.
  mutating func learnRoots(of thread: ThreadID) {
    guard let entity = entities[thread], entity.body != .gone else { return }
    if case .running(let pid) = entity.body { roots[pid] = thread }
    if let warden = entity.warden { roots[warden] = thread }
  }

  /// Those pids may be others' from now on.
  mutating func forgetRoots(of thread: ThreadID) {
    for pid in [entities[thread]?.pid, entities[thread]?.warden].compactMap(\.self) where roots[pid] == thread {
      roots[pid] = nil
    }
  }

  private func thread(of origin: ProcessOrigin) -> ThreadID? {
    thread(ofCgroup: origin.cgroup) ?? origin.root.flatMap { roots[$0] }
  }

  /// The thread in whose cgroup, or below it, this one is: the keeper's directory, whose name is used once, has one of each
  /// thread's id, in decimal.
  private func thread(ofCgroup cgroup: String) -> ThreadID? {
    guard let directory = containment?.place.split(separator: "/").last else { return nil }
    let components = cgroup.split(separator: "/")
    guard let index = components.firstIndex(of: directory), components.indices.contains(index + 1),
      let number = UInt64(components[index + 1])
    else { return nil }
    let thread = ThreadID(rawValue: number)
    return state(of: thread).map { $0 == .dead } == false ? thread : nil
  }
}

extension Request.Command {
  /// Whether it is about the mail of the thread that the client is a part of.
  fileprivate var isOfOwnMail: Bool {
    switch self {
    case .receive, .rewind, .mailWait: true
    case .spawn, .find, .list, .suspend, .resume, .kill, .sendBreak, .endMail, .wait, .cancel, .logs, .custodianNew,
      .sessionCustodianNew, .custodianTree, .custodianShutdown, .custodianWait, .barrier, .daemonStatus, .event,
      .confirmMail, .becomeThread, .history, .show, .shutdownPlan, .stopDaemon, .serve, .nodes, .names,
      .fenceNode, .shareCustodian:
      false
    }
  }
}
