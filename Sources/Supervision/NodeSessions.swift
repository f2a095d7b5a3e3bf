package import HeddleModel
internal import HeddleWire

// What a connection may do, and the custodian that lasts as long as it does.

/// What belongs to one connection in the world of custodians.
struct Session: Equatable, Sendable {
  /// The custodian that the connection speaks for.
  let grant: CustodianID
  /// Where the session custodian is; nil where none can be.
  let path: CustodianPath?
  /// The session custodian, from when it is first named; before, nobody could tell it from one without members.
  var custodian: CustodianID?
}

extension Node {
  /// A session of a new number.
  mutating func newSession(below grant: CustodianID) -> Session {
    lastSession += 1
    let name = try? EntityName("\(EntityName.sessionPrefix)\(lastSession)")
    let path = name.flatMap { name in custodians.path(of: grant).flatMap { try? $0.appending(name) } }
    return Session(grant: grant, path: path)
  }

  /// The session custodian of a connection, made if it is not there yet. It may be shut down.
  mutating func sessionCustodian(
    of connection: ConnectionID,
    to attempted: String
  ) throws(WireRefusal) -> CustodianID {
    guard let session = connections[connection]?.session, let path = session.path else {
      throw Sentences.noSession(attempted: attempted)
    }
    if let custodian = session.custodian { return custodian }
    do throws(Refusal) {
      let custodian = try kernel.makeCustodian(below: session.grant)
      custodians.add(custodian, at: path)
      connections[connection]?.session.custodian = custodian
      record(.custodianMade(path))
      return custodian
    } catch {
      throw Sentences.refused(error, attempted: attempted, subject: "\(path)", in: self)
    }
  }

  /// A snapshot goes on, and none of the connections that there were: so nothing of their sessions does.
  package mutating func restored(effects: inout Effects) {
    for thread in kernel.threads.ids {
      endConnection(of: thread, .exit(code: 0), effects: &effects)
      endServer(thread, effects: &effects)
    }
    for custodian in custodians.ofSessions { endSession(custodian, effects: &effects) }
    endHeld(effects: &effects)
  }

  /// Ends all that is in a session custodian, unless that has begun.
  mutating func endSession(_ custodian: CustodianID, effects: inout Effects) {
    guard kernel.custodians[custodian]?.isShutDown == false else { return }
    beginShutdown(of: custodian, nil, effects: &effects)
  }

  /// The custodian that stands at `path`; nil when there is none.
  package func custodian(at path: CustodianPath) -> CustodianID? { custodians[path] }

  // MARK: - Grants

  /// Who asks, in whose name.
  mutating func inquiry(
    _ request: RequestID,
    on connection: ConnectionID,
    as path: CustodianPath?
  ) throws(WireRefusal) -> Inquiry {
    let grant = connections[connection]?.session.grant ?? kernel.root
    let own = Inquiry(connection: connection, request: request, grant: grant, caller: grant)
    guard let path else { return own }
    let caller = try place(path, for: own, to: "act as")
    return Inquiry(connection: connection, request: request, grant: grant, caller: caller)
  }

  /// The custodian that a request names, which has to be at or below the grant; the session custodian if it names none.
  mutating func place(
    _ path: CustodianPath?,
    for inquiry: Inquiry,
    to attempted: String
  ) throws(WireRefusal) -> CustodianID {
    guard let path else { return try sessionCustodian(of: inquiry.connection, to: attempted) }
    guard let id = try custodian(path) else { throw Sentences.noSuchCustodian(path, attempted: attempted) }
    guard kernel.custodians[id] != nil else {
      throw Sentences.refused(.custodianShutDown(id), attempted: attempted, subject: "\(path)", in: self)
    }
    guard kernel.custodians.isAtOrBelow(id, inquiry.grant) else {
      throw Sentences.notGranted(path, attempted: attempted, grant: custodians.path(of: inquiry.grant))
    }
    return id
  }

  /// Makes a custodian where a client wants it.
  mutating func makeCustodian(_ path: CustodianPath, for inquiry: Inquiry) throws(WireRefusal) {
    if let parent = path.parent { _ = try place(parent, for: inquiry, to: "make \(path) in") }
    guard path.components.last?.isSession != true else { throw Sentences.sessionName(path) }
    try makeCustodian(path)
  }

  /// Makes a custodian directly below the session custodian.
  mutating func makeCustodian(_ name: EntityName, for inquiry: Inquiry) throws(WireRefusal) {
    let attempted = "make \(name.text) in"
    _ = try sessionCustodian(of: inquiry.connection, to: attempted)
    guard let path = try? connections[inquiry.connection]?.session.path?.appending(name) else {
      throw Sentences.noSession(attempted: attempted)
    }
    try makeCustodian(path, for: inquiry)
  }
}

extension EntityName {
  /// What the names of session custodians begin with; a number follows.
  static let sessionPrefix = "session-"

  /// Whether only a session custodian may have this name.
  var isSession: Bool {
    guard text.hasPrefix(Self.sessionPrefix) else { return false }
    let number = text.utf8.dropFirst(Self.sessionPrefix.utf8.count)
    return !number.isEmpty && number.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
  }
}
