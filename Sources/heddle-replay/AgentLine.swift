internal import HeddleLoop

/// An agent's second connection, to the replayer. When it ends, so does the agent's queue.
actor AgentLine {
  private nonisolated let path: String
  private nonisolated let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

  private var line: LineStream?

  init(to path: String, on loop: EventLoop) {
    self.path = path
    self.loop = loop
  }

  /// Connects.
  ///
  /// - Parameters:
  ///   - onOrder: called on the loop with each thing that the replayer says.
  ///   - onOpen: called on the loop, once, when what is said from then on arrives, or with why it never will.
  func open(
    onOrder: @escaping @Sendable (AgentOrder) -> Void,
    onOpen: @escaping @Sendable (LoopError?) -> Void
  ) throws(LoopError) {
    let stream = try ByteStream.connect(to: path, on: loop, onConnected: onOpen)
    line = try LineStream(stream) { text in
      if let order = try? AgentOrder(line: text) { onOrder(order) }
    } onEnd: {
      self.line = nil
    }
  }

  /// Says something after all that was said before, and waits for nothing.
  nonisolated func say(_ word: AgentWord) {
    loop.perform { self.assumeIsolated { $0.line?.write(word.json) } }
  }
}
