internal import HeddleLoop
internal import Synchronization

/// The event loop of connections that name no other: one thread of the process, started with the first of them.
enum ClientLoop {
  private static let started = Mutex<EventLoop?>(nil)

  /// - Throws: why there can be none now, such as a want of descriptors.
  static func shared() throws(LoopError) -> EventLoop {
    try started.withLock { (started) throws(LoopError) in
      if let started { return started }
      let loop = try EventLoop.start()
      started = loop
      return loop
    }
  }
}
