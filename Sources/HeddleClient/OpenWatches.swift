internal import HeddleWire

/// The watches of one connection that have not fired.
struct OpenWatches {
  typealias Outcome = Result<Void, ClientError>

  /// Each is called once, on the loop.
  private var watchers: [WatchID: @Sendable (Outcome) -> Void] = [:]

  mutating func open(_ id: WatchID, for watcher: @escaping @Sendable (Outcome) -> Void) { watchers[id] = watcher }

  func isOpen(_ id: WatchID) -> Bool { watchers[id] != nil }

  /// Ends the watch and tells its watcher. Whether it was open.
  mutating func close(_ id: WatchID, with outcome: Outcome) -> Bool {
    guard let watcher = watchers.removeValue(forKey: id) else { return false }
    watcher(outcome)
    return true
  }

  mutating func failAll(with error: ClientError) {
    for id in watchers.keys.sorted() { _ = close(id, with: .failure(error)) }
  }
}
