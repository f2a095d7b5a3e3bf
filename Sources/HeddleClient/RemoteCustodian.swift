package import HeddleModel
public import HeddleThreads
internal import HeddleWire

/// A custodian of a supervisor, by its path: what manages threads and other custodians, and whose shutdown leaves nothing
/// of them running. Racket: custodians.
///
/// ```swift
/// // Returns when both are dead, and every process that they had.
/// let shutdown = try await job.shutDown()
/// ```
///
/// A handle is a value; that there is such a custodian is found out when it is used.
public struct RemoteCustodian: Hashable, Sendable, CustomStringConvertible {
  /// The connection that the operations go through.
  public let supervisor: Supervisor
  package let location: CustodianPath
  /// The node that it is on; nil is that of the supervisor.
  package let nodeName: EntityName?

  package init(supervisor: Supervisor, location: CustodianPath, on node: EntityName? = nil) {
    self.supervisor = supervisor
    self.location = location
    // The supervisor's own node has one name, and is meant without it.
    nodeName = node?.text == supervisor.node ? nil : node
  }

  /// The custodian in whose name the calling code acts on supervisors, and in which it makes threads unless it names another:
  /// nil is what the connection acts for, and its session. Not asked where it is another supervisor's. Racket:
  /// `current-custodian`.
  public static let current = Parameter<RemoteCustodian?>(nil)

  /// Where it is: `/main/job`, or on another node of the cluster `b:/main/job`.
  public var path: String { CustodianReference(location, on: nodeName).description }

  public var description: String { "custodian \(path)" }

  /// Makes a custodian directly below this one. Racket: `make-custodian`.
  ///
  /// - Throws: `badRequest` for a name that is none, `pathTaken`, `custodianShutDown`, `permission`.
  public func makeCustodian(named name: String) async throws(ClientError) -> RemoteCustodian {
    let child = try below(name)
    // A session's custodian is there from the first thing that is made in it.
    if nodeName == nil, location == supervisor.welcome?.session {
      try await supervisor.custodianNew(inSession: EntityName(named: name))
    } else {
      try await supervisor.custodianNew(child.location, on: nodeName)
    }
    return child
  }

  /// The custodian of this name directly below this one, whether there is one or not.
  ///
  /// - Throws: `badRequest` for a name that is none.
  public func below(_ name: String) throws(ClientError) -> RemoteCustodian {
    let name = try EntityName(named: name)
    do throws(CustodianPathError) {
      return RemoteCustodian(supervisor: supervisor, location: try location.appending(name), on: nodeName)
    } catch {
      throw .refused(.badRequest, "name", "a custodian below \(location)", "\(error)")
    }
  }

  /// What a custodian manages directly, oldest first.
  public struct Members: Hashable, Sendable {
    public let custodians: [RemoteCustodian]
    public let threads: [RemoteThread]
  }

  /// What it manages directly: living threads, and custodians that are not shut down. Racket: `custodian-managed-list`.
  ///
  /// - Throws: `noSuchCustodian`.
  public func members() async throws(ClientError) -> Members {
    let listing = try await supervisor.custodianTree(location, on: nodeName)
    return Members(
      custodians: listing.children.map { RemoteCustodian(supervisor: supervisor, location: $0.path, on: nodeName) },
      threads: listing.threads.map { RemoteThread($0.id, at: supervisor) }
    )
  }

  /// Whether it is shut down, or its shutdown has begun; also when there never was such a custodian. Racket:
  /// `custodian-shut-down?`.
  public func isShutDown() async throws(ClientError) -> Bool {
    do throws(ClientError) { return try await supervisor.custodianTree(location, on: nodeName).state != .open } catch {
      if error.code == .noSuchCustodian { return true }
      throw error
    }
  }

  /// Ready when `isShutDown()` is true, with itself. To wait for it asks the supervisor each time. Racket: a
  /// custodian box.
  public var shutdown: AnyEvent<RemoteCustodian> {
    guarded { [self] in
      let answer = await supervisor.pendingAnswer(to: .custodianWait(location), on: nodeName)
      // What a later request is answered, the supervisor has looked by then.
      if Looking.isOn { _ = try? await supervisor.answer(to: .list(includeDead: false), on: nodeName) }
      return answer.event.wrap { _ in self }
    }
  }

  /// What a shutdown came to.
  public struct Shutdown: Hashable, Sendable {
    /// How many threads died of it.
    public let threads: Int
    /// How many processes these had.
    public let processes: Int
    /// How many threads that suspend on kill it left suspended, without a custodian.
    public let leftSuspended: Int
    /// From its beginning to the death of the last thread.
    public let duration: Duration
  }

  /// Ends everything in it and below it, and returns when the last thread of that is dead. From its beginning on nothing
  /// new starts there. A thread that has another custodian loses this one; one that suspends on kill is suspended. To shut
  /// down what is shut down has no effect, also when there never was such a custodian. Needs no authority over the threads.
  /// Racket: `custodian-shutdown-all`.
  ///
  /// - Throws: `permission`. What ends the waiting (a break, a cancellation) leaves it under way.
  @discardableResult
  public func shutDown() async throws -> Shutdown {
    let answer = await supervisor.pendingAnswer(to: .custodianShutdown(location, follow: false), on: nodeName)
    do {
      guard case .shutDown(let report) = try await answer.get() else { throw await supervisor.unexpectedAnswer() }
      return Shutdown(
        threads: report.threads,
        processes: report.processes,
        leftSuspended: report.leftSuspended,
        duration: report.duration
      )
    } catch let error as ClientError where error.code == .noSuchCustodian {
      return Shutdown(threads: 0, processes: 0, leftSuspended: 0, duration: .zero)
    }
  }
}

extension RemoteCustodian {
  public static func == (left: RemoteCustodian, right: RemoteCustodian) -> Bool {
    left.location == right.location && left.nodeName == right.nodeName
      && left.supervisor.isSameNode(as: right.supervisor)
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(location) }
}
