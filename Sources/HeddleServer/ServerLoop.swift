internal import HeddleLoop
internal import HeddleThreads
internal import Synchronization

/// The event loop of all ports and listeners: one thread of the process, started with the first of them. It also executes
/// threads, so that what a connection does about its bytes follows without a wake-up.
enum ServerLoop {
  private static let started = Mutex<EventLoop?>(nil)

  /// - Throws: why there can be none now, such as a want of descriptors.
  static func shared() throws(NetworkError) -> EventLoop {
    do {
      return try started.withLock { (started) throws(LoopError) in
        if let started { return started }
        let loop = try EventLoop.start()
        loop.perform { [unowned loop] in
          let guest = GuestCarrier()
          loop.carry { guest.work() }
        }
        started = loop
        return loop
      }
    } catch { throw NetworkError(error) }
  }
}

/// A handle on its way through closures to its loop, where alone it is used.
///
/// Unchecked, since what protects a handle is the loop: every use elsewhere traps.
struct Confined<Handle: LoopHandle>: @unchecked Sendable {
  let handle: Handle
  init(_ handle: Handle) { self.handle = handle }
}
