internal import Cluster
internal import HeddleModel

/// Of a name's holders one acts at a time: the tokens with which they act only grow, and each is one thread's.
struct OneHolder: Checker {
  static let name = "one-holder"
  private(set) var violation: String?
  private var latest: [EntityName: (fence: Fence, thread: ThreadID)] = [:]

  mutating func see(_ sighting: Sighting, at now: Instant) {
    guard case .acted(let thread, let name?, let fence?) = sighting else { return }
    if let holder = latest[name], violation == nil,
      fence < holder.fence || fence == holder.fence && thread != holder.thread
    {
      violation = """
        thread \(thread) acted as \(name) with token \(fence) at \(now.words), after thread \(holder.thread) had with \
        \(holder.fence)
        """
    }
    latest[name] = (fence, thread)
  }
}
