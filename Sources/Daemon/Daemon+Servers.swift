internal import Glibc
internal import HeddleLoop
internal import HeddleWire
internal import Supervision

/// One server's socket that listens.
final class ServerListener {
  let acceptor: Acceptor
  let address: ServerAddress
  /// Whether the node wants connections.
  private(set) var isWanted = false

  init(_ acceptor: Acceptor, at address: ServerAddress) {
    self.acceptor = acceptor
    self.address = address
  }

  func accept(_ isWanted: Bool) {
    self.isWanted = isWanted
    if isWanted { acceptor.goOn() } else { acceptor.pause() }
  }
}

/// The listeners of servers, and their connections on the way to programs.
extension Daemon {
  func openListener(_ id: ListenerID, _ address: ServerAddress, backlog: Int) {
    do throws(LoopError) {
      let bound = try makeListener(id, address, backlog: Int32(clamping: backlog))
      step { $0.listenerOpened(id, at: bound, effects: &$1) }
    } catch {
      step { $0.listenerFailed(id, errno: error.code, error.message, effects: &$1) }
    }
  }

  func closeListener(_ id: ListenerID) { listeners.removeValue(forKey: id)?.acceptor.close() }

  func countWaiting(at id: ListenerID, for count: WaitingCount) {
    let waiting = listeners[id]?.acceptor.waitingCount
    step { $0.waitingCounted(waiting, for: count, effects: &$1) }
  }

  /// Asks the keeper. A connection that goes to a program is handed over with it, and is nobody's here from then on.
  func order(_ request: KeeperRequest) {
    guard case .start(let thread, let program) = request, let connection = program.connection else {
      if let answer = keeper?.send(request) { step { $0.keeperReported(answer, effects: &$1) } }
      return
    }
    guard let stream = sockets.removeValue(forKey: connection.socket) else { return }
    guard let keeper else { return stream.close() }
    keeper.send(request, passing: stream) { [self] errno, stage in
      step { $0.keeperReported(.startFailed(thread, errno: errno, stage), effects: &$1) }
    }
  }

  // MARK: - Listening

  /// What connections leave to the rest of the daemon: a client, and what a program that is being started takes for a moment,
  /// here and in the keeper, which may have as many.
  private static var sparedDescriptors: Int { min(64, Acceptor.descriptorsMax / 4) }

  /// - Returns: where it listens, with the port that was chosen.
  private func makeListener(
    _ id: ListenerID,
    _ address: ServerAddress,
    backlog: Int32
  ) throws(LoopError) -> ServerAddress {
    let socket = try Self.socket(at: address, backlog: backlog)
    do throws(LoopError) {
      let bound = try Self.address(of: socket, askedFor: address)
      let acceptor = try Acceptor(
        socket,
        sparing: Self.sparedDescriptors,
        on: loop,
        onConnection: { [self] stream in accepted(stream, at: id) },
        onTrouble: { [self] error in step { $0.acceptFailed(id, "\(error)", effects: &$1) } }
      )
      listeners[id] = ServerListener(acceptor, at: bound)
      return bound
    } catch {
      socket.discard()
      throw error
    }
  }

  private static func socket(at address: ServerAddress, backlog: Int32) throws(LoopError) -> ListeningSocket {
    switch address {
    case .unix(let path): try ListeningSocket(path: String(decoding: path, as: UTF8.self), backlog: backlog)
    case .internet("", let port): try ListeningSocket(port: port, backlog: backlog, reusesAddress: true)
    case .internet(let host, let port):
      try ListeningSocket(address: InternetAddress(host: host, port: port), backlog: backlog, reusesAddress: true)
    }
  }

  private static func address(
    of socket: ListeningSocket,
    askedFor address: ServerAddress
  ) throws(LoopError) -> ServerAddress {
    guard case .internet(let host, _) = address else { return address }
    return .internet(host: host, port: try socket.localAddress.port)
  }

  // MARK: - Accepting

  /// - Returns: whether more are wanted now.
  private func accepted(_ stream: ByteStream, at id: ListenerID) -> Bool {
    guard let listener = listeners[id] else {
      stream.close()
      return false
    }
    do throws(LoopError) {
      let visitor = try Self.visitor(stream, of: listener.address)
      lastSocket += 1
      let socket = SocketID(rawValue: lastSocket)
      sockets[socket] = stream
      step { $0.connected(socket, from: visitor, at: id, effects: &$1) }
    } catch {
      // It has gone again.
      stream.close()
    }
    return listener.isWanted
  }

  private static func visitor(_ stream: ByteStream, of address: ServerAddress) throws(LoopError) -> Visitor {
    switch address {
    case .internet:
      let descriptor = try stream.lendDescriptor()
      return .internet(
        remote: end(try descriptor.remoteAddress.unmapped),
        local: end(try descriptor.localAddress.unmapped)
      )
    case .unix(let path):
      let peer = try stream.peerCredentials()
      return .unix(
        path: path,
        remote: Visitor.User(uid: peer.uid, gid: peer.gid),
        pid: peer.pid,
        local: Visitor.User(uid: geteuid(), gid: getegid())
      )
    }
  }

  private static func end(_ address: InternetAddress) -> Visitor.End {
    Visitor.End(host: address.host, port: address.port)
  }
}
