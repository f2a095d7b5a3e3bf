internal import HeddleLoop

/// The event loop of connections that name no other: one thread of the process, started with the first of them.
enum ClientLoop {
  private static let started = Result { () throws(LoopError) in try EventLoop.start() }

  /// - Throws: why there can be none, such as a want of descriptors.
  static func shared() throws(LoopError) -> EventLoop { try started.get() }
}
