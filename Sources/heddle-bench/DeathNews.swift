import HeddleClient
import HeddleModel
import HeddleWire

/// How news of deaths reach two clients.
struct DeathNews {
  /// The node that has the threads.
  private let node: EntityName
  /// A client of that node.
  private let near: Supervisor
  /// Another one, of that node or another.
  private let far: Supervisor

  init(of node: EntityName, near: Supervisor, far: Supervisor) {
    (self.node, self.near, self.far) = (node, near, far)
  }

  /// - Returns: how much later than the near client the far one heard, by the median of `count` deaths, in nanoseconds.
  func delay(ofMedian count: Int) async throws -> Double {
    var delays: [Double] = []
    for _ in 0..<count { delays.append(try await delay()) }
    return delays.sorted()[count / 2]
  }

  private func delay() async throws -> Double {
    let spawn = Spawn(argv: ["/bin/sleep", "1000"].map { Array($0.utf8) }, cwd: Array("/".utf8))
    let thread = try await far.spawn(spawn, on: node).id
    let heardFar = try await far.listen(for: thread)
    let heardNear = try await near.listen(for: thread.moved(to: .home))
    _ = try await near.kill(.id(thread.moved(to: .home)))
    let delay = (try await heardNear.value).duration(to: try await heardFar.value)
    return delay / .nanoseconds(1)
  }
}

extension Supervisor {
  /// Asks for the death of a thread, and returns when the supervisor has been asked.
  ///
  /// - Returns: when it is heard of, as soon as it is.
  fileprivate func listen(for thread: ThreadID) async throws -> Task<ContinuousClock.Instant, any Error> {
    let news = Task.immediate {
      _ = try await wait(for: .id(thread))
      return ContinuousClock.now
    }
    // Requests take effect in their order.
    _ = try await find(.id(thread))
    return news
  }
}
