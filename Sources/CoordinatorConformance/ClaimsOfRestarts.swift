internal import Cluster

extension CoordinatorConformance {
  static let ofRestarts = [
    CoordinatorClaim("what was answered is there after a restart") { bench in
      let before = try await bench.connect()
      try await before.make("a", "1")
      let created = try await before.make("b", "2")
      _ = try await before.perform(.release(CoordinatorKey("b"), created: created))
      let entries = try await before.get("")
      try await bench.restart()
      let after = try await bench.connect()
      let now = try await after.get("")
      try expect(now == entries, "after the restart there is \(now)")
    },
    CoordinatorClaim("revisions grow across a restart, and the cluster stays the same") { bench in
      let before = try await bench.connect()
      let first = try await before.make("a")
      let standing = try await before.perform(.get(prefix: "")).standing
      try await bench.restart()
      let after = try await bench.connect()
      let second = try await after.make("b")
      try expect(second > first, "a change after the restart has revision \(second), one before had \(first)")
      let later = try await after.perform(.get(prefix: "")).standing
      try expect(later.cluster == standing.cluster, "the cluster was \(standing.cluster) and is \(later.cluster)")
    },
    CoordinatorClaim("a lease survives a restart, and no new one has its number") { bench in
      let before = try await bench.connect()
      let lease = try await bench.lease(before)
      try await before.make("a", lease: lease)
      try await bench.pass(bench.ttl / 2)
      try await bench.restart()
      let after = try await bench.connect()
      // A restart may take as long as a lease lasts, so this one may have run out: then its key went with it.
      let response = try await after.response(to: .keepAlive(lease))
      let keys = try await after.get("a")
      try expect(
        response == .kept(lease) && keys.count == 1 || response == .lost(lease) && keys.isEmpty,
        "a renewal is answered with \(response), and there is \(keys)"
      )
      try expect(try await bench.lease(after) != lease, "a number of a lease was given twice")
    },
    CoordinatorClaim("a watch goes on after a restart from where it was, or says that it can't") { bench in
      let before = try await bench.connect()
      let first = try await before.make("w/1")
      try await before.make("w/2")
      try await bench.restart()
      let after = try await bench.connect()
      do throws(CoordinatorError) {
        var news = try await after.watch("w/", from: first.next).makeAsyncIterator()
        let told = await news.next(isolation: nil)
        guard told?.events.map(\.key.text) == ["w/2"] else { throw CoordinatorError.lost }
      } catch {
        guard case .compacted(let revision) = error else {
          throw ConformanceFailure(description: "the resumed watch ended with \(error)")
        }
        try expect(revision > first.next, "what it can tell from \(revision) on was asked for from \(first.next)")
      }
    },
  ]
}
