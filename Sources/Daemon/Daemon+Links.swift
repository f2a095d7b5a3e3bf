internal import HeddleLoop
internal import HeddleModel
internal import Supervision

/// The streams to other nodes.
extension Daemon {
  /// Lets other nodes dial this one, where it says so.
  func listenForLinks() throws {
    let address: LinkAddress
    switch configuration.cluster?.listen {
    case .loopback(let wanted):
      let listener = try Listener(address: wanted, on: loop) { [self] in acceptLink($0) }
      linkListener = listener
      // Port 0 is any, and others have to be told which it is.
      address = .loopback(try listener.localAddress)
    case .unix(let path):
      linkLock = try LinkLock(InstanceLock.claim(socketAt: path))
      linkListener = try Listener(path: path, on: loop) { [self] in acceptLink($0) }
      address = .unix(path)
    case .command, nil: return
    }
    configuration.log("listening for links on \(address)")
  }

  private func acceptLink(_ result: Result<ByteStream, LoopError>) {
    do throws(LoopError) {
      let stream = try result.get()
      // Whoever dials is not known yet, and may be anybody on this machine.
      guard let id = node.linkConnected(at: Instant(nanoseconds: EventLoop.nanoseconds)) else { return stream.close() }
      try begin(id, stream)
    } catch {
      configuration.log("a link was not accepted: \(error)")
    }
  }

  private func begin(_ id: ConnectionID, _ stream: ByteStream) throws(LoopError) {
    clients[id] = Client(stream)
    do throws(LoopError) { try listen(to: id, stream) } catch {
      disconnect(id)
      throw error
    }
    arm()
  }

  /// Makes a stream to another node.
  func dial(_ id: ConnectionID, _ name: EntityName) {
    do throws(LoopError) {
      let onConnected: (LoopError?) -> Void = { [self] error in connected(id, error) }
      switch configuration.cluster?.address(of: name) {
      case .loopback(let address): clients[id] = Client(try .connect(to: address, on: loop, onConnected: onConnected))
      case .unix(let path): clients[id] = Client(try .connect(to: path, on: loop, onConnected: onConnected))
      case .command(let command): try run(command, as: id)
      case nil: dialFailed(id, "its address is not known")
      }
    } catch {
      dialFailed(id, error.description)
    }
  }

  private func run(_ command: String, as id: ConnectionID) throws(LoopError) {
    let process = try CommandStream(command, on: loop) { [self] exit in
      linkCommands[id] = nil
      // That it ends is told as the link's end; how, where that may say why.
      if exit != .status(0) { tellOnce("the command of a link has ended (\(exit)): \(command)") }
    }
    linkCommands[id] = process
    clients[id] = Client(process.stream)
    connected(id, nil)
  }

  /// Tells the log, unless that was the last thing that it was told so.
  private func tellOnce(_ line: String) {
    guard lastLinkLine != line else { return }
    lastLinkLine = line
    configuration.log(line)
  }

  private func connected(_ id: ConnectionID, _ error: LoopError?) {
    guard let client = clients[id] else { return }
    if let error { return dialFailed(id, error.description) }
    do throws(LoopError) { try listen(to: id, client.stream) } catch {
      client.stream.close()
      return dialFailed(id, error.description)
    }
    step { $0.dialed(id, effects: &$1) }
  }

  private func dialFailed(_ id: ConnectionID, _ reason: String) {
    clients[id] = nil
    step { $0.dialFailed(id, reason, effects: &$1) }
  }

  /// The connection is closed: so is the command that it went over, if there was one.
  func endCommand(of id: ConnectionID) { linkCommands.removeValue(forKey: id)?.end() }

  /// Tells how much waits to be written to a link, where that matters.
  func tellLoad(of id: ConnectionID) {
    guard let client = clients[id], client.isLink else { return }
    let bytes = client.queuedBytes
    guard bytes <= Limits.linkBytesCeiling else {
      configuration.log("a link is closed: \(bytes) bytes wait to be written to it")
      return disconnect(id)
    }
    guard bytes > Limits.linkMailBytesMax || client.isLoadTold else { return }
    client.isLoadTold = bytes > Limits.linkMailBytesMax / 2
    step { $0.linkQueued(id, bytes, effects: &$1) }
  }

  /// Random bytes of the system; getrandom(2).
  static func chance() -> [UInt8] {
    var system = SystemRandomNumberGenerator()
    return (0..<1_024).map { _ in UInt8.random(in: .min ... .max, using: &system) }
  }
}

/// The lock of the socket where links are accepted, for as long as the daemon lives.
final class LinkLock {
  private let lock: InstanceLock
  init(_ lock: consuming InstanceLock) { self.lock = lock }
}
