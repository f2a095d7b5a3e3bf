internal import Cluster

extension CoordinatorConformance {
  static let ofWatches = [
    CoordinatorClaim("a watch tells what happened since its revision, then what happens, in order") { bench in
      let client = try await bench.connect()
      let first = try await client.make("w/1")
      let second = try await client.make("w/2")
      var news = try await client.watch("w/", from: first).makeAsyncIterator()
      let third = try await client.make("w/3")
      for (number, revision) in [first, second, third].enumerated() {
        let told = try await next(&news)
        try expect(
          told.revision == revision && told.events.map(\.key.text) == ["w/\(number + 1)"],
          "the watch told \(told) as number \(number + 1)"
        )
      }
    },
    CoordinatorClaim("a watch that is resumed behind the last revision told misses nothing, and tells nothing twice") {
      bench in
      let first = try await bench.connect()
      let start = try await first.make("w/0")
      var news = try await first.watch("w/", from: start).makeAsyncIterator()
      let told = try await next(&news)
      for number in 1...5 { try await first.make("w/\(number)") }
      let second = try await bench.connect()
      var rest = try await second.watch("w/", from: told.revision.next).makeAsyncIterator()
      var keys: [String] = []
      for _ in 1...5 { keys += try await next(&rest).events.map(\.key.text) }
      try expect(keys == (1...5).map { "w/\($0)" }, "the resumed watch told of \(keys)")
    },
    CoordinatorClaim("a watch tells what a key had before") { bench in
      let client = try await bench.connect()
      let created = try await client.make("a", "1")
      var news = try await client.watch("a", from: created.next).makeAsyncIterator()
      let change = CoordinatorTransaction(if: [], then: [.put(CoordinatorKey("a"), "2", lease: nil)])
      _ = try await client.perform(.claim(change))
      _ = try await client.perform(.release(CoordinatorKey("a"), created: created))
      guard case .put(let entry, let previous) = try await next(&news).events.first else {
        throw ConformanceFailure(description: "a new value was not told of")
      }
      try expect(entry.value == "2" && previous?.value == "1", "told \(entry) in the place of \(previous as Any)")
      guard case .deleted(let gone) = try await next(&news).events.first else {
        throw ConformanceFailure(description: "a deletion was not told of")
      }
      try expect(gone == entry, "told that \(gone) is gone")
    },
    CoordinatorClaim("a watch tells of its prefix alone") { bench in
      let client = try await bench.connect()
      let revision = try await client.perform(.get(prefix: "")).standing.revision
      var news = try await client.watch("names/", from: revision.next).makeAsyncIterator()
      try await client.make("nodes/a")
      try await client.make("names/a")
      let told = try await next(&news)
      try expect(told.events.map(\.key.text) == ["names/a"], "told of \(told.events.map(\.key))")
    },
    CoordinatorClaim("all watches are told the same in the same order") { bench in
      let clients = [try await bench.connect(), try await bench.connect(), try await bench.connect()]
      let revision = try await clients[0].perform(.get(prefix: "")).standing.revision
      var seen: [[CoordinatorNews]] = []
      var watches: [AsyncStream<CoordinatorNews>.Iterator] = []
      for client in clients {
        watches.append(try await client.watch("", from: revision.next).makeAsyncIterator())
      }
      for (number, client) in clients.enumerated() { try await client.make("k/\(number)") }
      for index in watches.indices {
        var told: [CoordinatorNews] = []
        for _ in clients { told.append(try await next(&watches[index])) }
        seen.append(told)
      }
      try expect(seen.allSatisfy { $0 == seen[0] }, "the watches were told \(seen)")
      try expect(seen[0].map(\.revision) == seen[0].map(\.revision).sorted(), "revisions came out of order")
    },
  ]
}
