internal import HeddleModel
internal import HeddleWire

/// Threads and custodians, as handles.
extension Supervisor {
  /// Starts a program as a thread, and returns when it runs.
  ///
  /// - Throws: `cannotStart`, when it cannot be executed; `nameTaken`, `custodianShutDown`, `permission`; there is no thread
  ///   then.
  public func spawn(_ program: Program) async throws(ClientError) -> RemoteThread {
    if let custodian = program.custodian { try requireOwn(custodian.supervisor, custodian) }
    let place = currentPlace
    let node = (program.custodian ?? place)?.nodeName
    return RemoteThread(try await spawn(program.spawn(in: place?.location), on: node).id, at: self)
  }

  /// The living thread of this name, else the latest dead one. On another node of the cluster: `b/worker`.
  ///
  /// - Throws: `noSuchThread`, `badRequest` for a name that is none; `unknownNode`, `nodeUnreachable`.
  public func thread(named name: String) async throws(ClientError) -> RemoteThread {
    RemoteThread(try await find(ThreadReference(named: name)).id, at: self)
  }

  /// All threads, oldest first: those made or ended meanwhile may be missing or present.
  ///
  /// - Parameter dead: whether those are given, too, that are dead and still remembered.
  public func threads(includingDead dead: Bool = false) async throws(ClientError) -> [RemoteThread] {
    try await list(includeDead: dead).map { RemoteThread($0.id, at: self) }
  }

  /// The custodian at `path`: `/` is the root, `/main/job` is `job` below `main`, and so is `job`; `b:/main/job` is on
  /// another node of the cluster.
  ///
  /// - Throws: `badRequest` for a path that is none. Whether there is such a custodian is not asked.
  public nonisolated func custodian(_ path: String) throws(ClientError) -> RemoteCustodian {
    guard let colon = path.firstIndex(of: ":") else {
      return RemoteCustodian(supervisor: self, location: try CustodianPath(named: path))
    }
    let node = try EntityName(named: String(path[..<colon]))
    let location = try CustodianPath(named: String(path[path.index(after: colon)...]))
    return RemoteCustodian(supervisor: self, location: location, on: node)
  }

  // MARK: - References

  /// The thread that a `reference` means, which came with mail for instance. Whether it is known is not asked.
  ///
  /// - Throws: `badRequest` for what is no reference, or one to another node; `gone` for one to a thread of an earlier start
  ///   of this node.
  public nonisolated func thread(referredToBy reference: String) throws(ClientError) -> RemoteThread {
    let subject = "the reference \(reference.debugDescription)"
    let parts = reference.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 3, let incarnation = UInt64(parts[1], radix: 16), let id = UInt64(parts[2], radix: 16), id != 0
    else { throw .refused(.badRequest, "understand", subject, "it is not of the form node/incarnation/id") }
    guard parts[0] == node else {
      throw .refused(.badRequest, "follow", subject, "it is of node \(parts[0]), and this connection is to \(node)")
    }
    guard incarnation == welcome?.incarnation else {
      throw .refused(
        .gone,
        "follow",
        subject,
        "its thread was of an earlier start of the supervisor, and ended with that"
      )
    }
    return RemoteThread(ThreadID(rawValue: id), at: self)
  }
}

extension RemoteThread {
  /// What can be sent in mail and turned back into this thread, by `Supervisor.thread(referredToBy:)`: `node/incarnation/id`,
  /// the last two hexadecimal. No other thread ever has it.
  public var reference: String {
    "\(supervisor.node)/\(String(supervisor.welcome?.incarnation ?? 0, radix: 16))/\(id)"
  }
}
