internal import Cluster

extension CoordinatorConformance {
  static let ofLeases = [
    CoordinatorClaim("a lease that is not renewed ends, with all its keys, in one change") { bench in
      let client = try await bench.connect()
      let lease = try await bench.lease(client)
      for key in ["a", "b", "c"] { try await client.make(key, lease: lease) }
      try await client.make("d")
      let watch = try await client.watch("", from: try await client.perform(.get(prefix: "")).standing.revision.next)
      try await bench.pass(bench.ttl * 2)
      var news = watch.makeAsyncIterator()
      let end = try await next(&news)
      try expect(end.events.map(\.key.text) == ["a", "b", "c"], "one change told of \(end.events.map(\.key))")
      try expect(try await client.get("").map(\.key.text) == ["d"], "keys outlived their lease, or went without one")
    },
    CoordinatorClaim("a lease goes on for its full time from each renewal") { bench in
      let client = try await bench.connect()
      let lease = try await bench.lease(client)
      try await client.make("a", lease: lease)
      for _ in 0..<4 {
        try await bench.pass(bench.ttl / 2)
        let response = try await client.response(to: .keepAlive(lease))
        try expect(response == .kept(lease), "a renewal in time is answered with \(response)")
      }
      try expect(try await client.get("a").count == 1, "a renewed lease lost its key")
    },
    CoordinatorClaim("a lease that ended is lost, and lost for good") { bench in
      let client = try await bench.connect()
      let lease = try await bench.lease(client)
      try await bench.pass(bench.ttl * 2)
      for _ in 0..<2 {
        let response = try await client.response(to: .keepAlive(lease))
        try expect(response == .lost(lease), "a renewal of what has ended is answered with \(response)")
      }
      let response = try await client.response(to: .revoke(lease))
      try expect(response == .lost(lease), "the revocation of what has ended is answered with \(response)")
    },
    CoordinatorClaim("nothing is put under a lease that is not there") { bench in
      let client = try await bench.connect()
      let lease = try await bench.lease(client)
      _ = try await client.perform(.revoke(lease))
      let response = try await client.response(to: .claim(.making("a", lease: lease)))
      try expect(response == .refused(.noLease(lease)), "the answer is \(response)")
      try expect(try await client.get("a").isEmpty, "the key is there")
    },
    CoordinatorClaim("a revoked lease takes its keys along at once, whoever revokes it") { bench in
      let (owner, other) = (try await bench.connect(), try await bench.connect())
      let lease = try await bench.lease(owner)
      for number in 0..<50 { try await owner.make("k/\(number)", lease: lease) }
      let response = try await other.response(to: .revoke(lease))
      try expect(response == .revoked(lease), "the answer is \(response)")
      try expect(try await other.get("k/").isEmpty, "keys outlived their lease")
    },
    CoordinatorClaim("a key that was put under another lease goes with that one") { bench in
      let client = try await bench.connect()
      let (first, second) = (try await bench.lease(client), try await bench.lease(client))
      try expect(first != second, "two leases are one")
      try await client.make("a", lease: first)
      let change = CoordinatorTransaction(if: [], then: [.put(CoordinatorKey("a"), "", lease: second)])
      _ = try await client.perform(.claim(change))
      _ = try await client.perform(.revoke(first))
      try expect(try await client.get("a").count == 1, "the key went with the lease that it had left")
      _ = try await client.perform(.revoke(second))
      try expect(try await client.get("a").isEmpty, "the key outlived its lease")
    },
  ]
}
