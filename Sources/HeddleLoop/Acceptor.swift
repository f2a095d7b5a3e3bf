internal import CLibuv
internal import Glibc

/// Accepts the connections of a listening socket when it is told to, and leaves all others to the kernel's backlog.
///
/// A descriptor is held in reserve. When descriptors run out, the reserve is given up for the connection at hand, nothing
/// more is accepted, and the owner is told; told to go on, it accepts again once there is a descriptor for the reserve. The
/// same happens earlier, with descriptors left for other things, if the owner wants some spared.
/// (A `Listener`, which is libuv's own, closes connections in that case.)
@safe package final class Acceptor: LoopHandle {
  /// What it is doing.
  private enum Activity {
    case pausing
    case accepting
  }

  private let socket: ListeningSocket
  /// What its connections are called in errors.
  private let connectionName: String
  private var activity = Activity.pausing
  /// Open on /dev/null; nil when it was given up.
  private var reserve: Int32?
  /// A descriptor of this number, or above, leaves too few; they are given out from the lowest on.
  private let tooHigh: Int32
  private var onConnection: (ByteStream) -> Bool
  private var onTrouble: (LoopError) -> Void

  /// An acceptor that pauses. The socket is its own from here on; when this throws it stays the caller's.
  ///
  /// - Parameters:
  ///   - sparedCount: of the descriptors that the process may have so many are left for other things.
  ///   - onConnection: gets each connection, and says whether more are wanted now. TCP connections have TCP_NODELAY.
  ///   - onTrouble: told why nothing could be accepted; the acceptor pauses then.
  package init(
    _ socket: ListeningSocket,
    sparing sparedCount: Int = 0,
    on loop: EventLoop,
    onConnection: @escaping (ByteStream) -> Bool,
    onTrouble: @escaping (LoopError) -> Void
  ) throws(LoopError) {
    self.socket = socket
    connectionName = "a connection on \(socket.name)"
    tooHigh = Int32(clamping: Self.descriptorsMax - sparedCount)
    self.onConnection = onConnection
    self.onTrouble = onTrouble
    try unsafe super.init(on: loop, attempt: "accept on \(socket.name)") {
      unsafe uv_poll_init($0, $1, socket.descriptor)
    }
  }

  /// Accepts what waits and what comes, from the loop's next round on. No effect on one that does, or is closed.
  package func goOn() {
    guard isOpen, activity == .pausing else { return }
    do throws(LoopError) {
      if reserve == nil { reserve = try Self.openReserve() }
      try requireSpared()
      let events = Int32(UV_READABLE.rawValue)
      let status = unsafe uv_poll_start(raw(), events) { handle, status, _ in
        unsafe LoopHandle.owner(of: handle, as: Acceptor.self)?.ready(status)
      }
      try LoopError.check(status, "accept on \(socket.name)")
      activity = .accepting
    } catch { onTrouble(error) }
  }

  /// Leaves who comes to the backlog, until told to go on.
  package func pause() {
    guard isOpen, activity == .accepting else { return }
    activity = .pausing
    unsafe uv_poll_stop(raw())
  }

  /// How many connections are accepted in one round of the loop.
  private static let roundMax = 64

  private func ready(_ status: Int32) {
    do throws(LoopError) {
      try LoopError.check(status, "accept on \(socket.name)")
      // Others are to have their turn, however many wait: what is left comes with the loop's next round.
      var left = Self.roundMax
      while isOpen, activity == .accepting, left > 0, let descriptor = try accept() {
        left -= 1
        let wantsMore = try onConnection(stream(of: descriptor))
        // This one has what was in reserve, or to be spared; the next would have nothing.
        guard reserve != nil, descriptor < tooHigh else { throw outOfDescriptors }
        guard wantsMore else { return pause() }
      }
    } catch {
      pause()
      onTrouble(error)
    }
  }

  /// The next connection; nil when there is none.
  private func accept() throws(LoopError) -> Int32? {
    while true {
      let descriptor = heddle_accept(socket.descriptor)
      if descriptor >= 0 { return descriptor }
      switch -descriptor {
      case EAGAIN: return nil
      // A client that gave up while it waited is no news, nor is what accept(2) tells of a client's network.
      case EINTR, ECONNABORTED, EPERM, EPROTO, ENOPROTOOPT, ENETDOWN, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP,
        ENETUNREACH:
        continue
      case EMFILE where reserve != nil, ENFILE where reserve != nil: giveUpReserve()
      case let code: throw LoopError(code: code, attempt: "accept on \(socket.name)")
      }
    }
  }

  private func stream(of descriptor: Int32) throws(LoopError) -> ByteStream {
    let kind: ByteStream.Kind = socket.file == nil ? .tcp : .pipe(passingDescriptors: false)
    let stream = try ByteStream(kind, named: connectionName, owning: descriptor, on: loop)
    if case .tcp = kind { unsafe uv_tcp_nodelay(stream.raw(), 1) }
    return stream
  }

  /// How many connections wait to be accepted; nil where the system does not say.
  package var waitingCount: Int? { isOpen ? socket.waitingCount : nil }

  private func giveUpReserve() {
    if let reserve { Glibc.close(reserve) }
    reserve = nil
  }

  private var outOfDescriptors: LoopError { LoopError(code: EMFILE, attempt: "accept on \(socket.name)") }

  /// Throws when the lowest descriptor that is free is too high.
  private func requireSpared() throws(LoopError) {
    let lowest = try Self.openReserve()
    Glibc.close(lowest)
    if lowest >= tooHigh { throw outOfDescriptors }
  }

  /// How many descriptors the process may have open; getrlimit(2).
  package static var descriptorsMax: Int {
    var limit = rlimit()
    unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return Int(clamping: limit.rlim_cur)
  }

  private static func openReserve() throws(LoopError) -> Int32 {
    let descriptor = heddle_open_reserve()
    guard descriptor < 0 else { return descriptor }
    throw LoopError(code: -descriptor, attempt: "hold a descriptor in reserve")
  }

  override func willClose() {
    // A poll does not own what it polls, which may be closed once it is stopped.
    unsafe uv_poll_stop(raw())
    socket.discard()
    giveUpReserve()
    onConnection = { _ in false }
    onTrouble = { _ in }
  }
}

extension ByteStream {
  /// Takes a connected non-blocking socket of a known kind, which is closed when this throws.
  convenience init(_ kind: Kind, named name: String, owning descriptor: Int32, on loop: EventLoop) throws(LoopError) {
    do throws(LoopError) { try self.init(kind, named: name, on: loop) } catch {
      Glibc.close(descriptor)
      throw error
    }
    let status =
      switch kind {
      case .pipe: unsafe uv_pipe_open(raw(), descriptor)
      case .tcp: unsafe uv_tcp_open(raw(), descriptor)
      }
    guard let error = LoopError.from(status, "accept \(name)") else { return }
    Glibc.close(descriptor)
    close()
    throw error
  }

  /// The two ends of a new pipe.
  package static func pipe(on loop: EventLoop) throws(LoopError) -> (reading: ByteStream, writing: ByteStream) {
    var ends: (Int32, Int32) = (-1, -1)
    let flags = Int32(UV_NONBLOCK_PIPE.rawValue)
    let status = unsafe withUnsafeMutablePointer(to: &ends) { ends in
      unsafe ends.withMemoryRebound(to: Int32.self, capacity: 2) { unsafe uv_pipe($0, flags, flags) }
    }
    try LoopError.check(status, "make a pipe")
    let kind = Kind.pipe(passingDescriptors: false)
    let reading: ByteStream
    do throws(LoopError) { reading = try ByteStream(kind, named: "a pipe", owning: ends.0, on: loop) } catch {
      Glibc.close(ends.1)
      throw error
    }
    do throws(LoopError) {
      return (reading, try ByteStream(kind, named: "a pipe", owning: ends.1, on: loop))
    } catch {
      reading.close()
      throw error
    }
  }
}
