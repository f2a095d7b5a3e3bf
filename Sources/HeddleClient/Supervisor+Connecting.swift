internal import HeddleLoop
internal import HeddleModel
internal import HeddleWire

extension Supervisor {
  /// Connects to a supervisor on this machine, and agrees with it on how to speak.
  ///
  /// - Parameters:
  ///   - socketPath: where it listens; nil is what `heddle` uses: `$HEDDLE_SOCKET`, else the user's default.
  ///   - custodian: the path of the custodian whose authority the requests have; nil is `$HEDDLE_CUSTODIAN`, which a
  ///     program that is a thread itself was given, else the root.
  ///   - patience: how long it may take to answer.
  /// - Throws: `ClientError` with `connectFailed`, `handshakeFailed`, or `badRequest` for a path that is none.
  public static func connect(
    to socketPath: String? = nil,
    as custodian: String? = nil,
    answeredWithin patience: Duration = .seconds(10)
  ) async throws(ClientError) -> Supervisor {
    let socket = SocketPath(flag: socketPath)
    if let reason = socket.distrust { throw .handshake(socketPath: socket.text, reason: reason) }
    let authority = try (custodian ?? Environment.value("HEDDLE_CUSTODIAN")).map { text throws(ClientError) in
      try CustodianPath(named: text)
    }
    let loop: EventLoop
    do throws(LoopError) { loop = try ClientLoop.shared() } catch {
      throw .connectFailed(socketPath: socket.text, error)
    }
    return try await connect(
      to: socket.text,
      clientName: programName,
      as: authority,
      answeredWithin: patience,
      on: loop
    )
  }

  /// What this program is called, for the supervisor's log.
  static var programName: String {
    CommandLine.arguments.first?.split(separator: "/").last.map(String.init) ?? "a program"
  }

  /// Whether the ids and the paths of one are those of the other.
  nonisolated func isSameNode(as other: Supervisor) -> Bool {
    node == other.node && welcome?.incarnation == other.welcome?.incarnation
  }

  /// - Throws: `badRequest` for a handle that came over a connection to another supervisor.
  nonisolated func requireOwn(_ other: Supervisor, _ handle: some CustomStringConvertible) throws(ClientError) {
    guard !isSameNode(as: other) else { return }
    throw .refused(.badRequest, "use", "\(handle)", "it is of another supervisor than the one that is asked")
  }

  /// The supervisor's own node, where it has to be said that it is meant: for a thread that is on another one.
  nonisolated func homeName(_ thread: ThreadID) -> EntityName? {
    thread.slot == .home ? nil : try? EntityName(node)
  }

  /// The node that the supervisor runs, by name.
  public nonisolated var node: String { welcome?.node ?? "" }

  /// The custodian that is shut down when the connection ends; nil where there can be none, since what the connection was
  /// granted is shut down.
  public nonisolated var session: RemoteCustodian? {
    welcome?.session.map { RemoteCustodian(supervisor: self, location: $0) }
  }
}

extension CustodianPath {
  /// - Throws: `badRequest`, with what is wrong with `text`.
  init(named text: String) throws(ClientError) {
    do throws(CustodianPathError) { try self.init(parsing: text) } catch {
      throw .refused(.badRequest, "name", "a custodian \(text.debugDescription)", "\(error)")
    }
  }
}

extension ThreadGroupPath {
  /// - Throws: `badRequest`, with what is wrong with `text`.
  init(named text: String) throws(ClientError) {
    do throws(CustodianPathError) { try self.init(parsing: text) } catch {
      throw .refused(.badRequest, "name", "a group \(text.debugDescription)", "\(error)")
    }
  }
}

extension EntityName {
  /// - Throws: `badRequest`, with what is wrong with `text`.
  init(named text: String) throws(ClientError) {
    do throws(EntityNameError) { try self.init(text) } catch {
      throw .refused(.badRequest, "use the name", text.debugDescription, "\(error)")
    }
  }
}

extension ThreadReference {
  /// A name, or a node's name, a slash and a name.
  ///
  /// - Throws: `badRequest`, with what is wrong with `text`.
  init(named text: String) throws(ClientError) {
    if let slash = text.firstIndex(of: "/") {
      let name = try EntityName(named: String(text[text.index(after: slash)...]))
      self = .named(name, on: try EntityName(named: String(text[..<slash])))
    } else {
      self = .name(try EntityName(named: text))
    }
  }
}
