internal import HeddleWire

/// The watches of one connection that have not fired.
struct OpenWatches {
  typealias Outcome = Result<Void, ClientError>

  private var watchers: [WatchID: CheckedContinuation<Outcome, Never>] = [:]

  mutating func open(_ id: WatchID, for watcher: CheckedContinuation<Outcome, Never>) { watchers[id] = watcher }

  /// Ends the watch and lets its task go on. Whether it was open.
  mutating func close(_ id: WatchID, with outcome: Outcome) -> Bool {
    guard let watcher = watchers.removeValue(forKey: id) else { return false }
    watcher.resume(returning: outcome)
    return true
  }

  mutating func failAll(with error: ClientError) {
    for id in watchers.keys.sorted() { _ = close(id, with: .failure(error)) }
  }
}
