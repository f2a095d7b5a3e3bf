internal import Cluster

extension CoordinatorConformance {
  static let ofKeys = [
    CoordinatorClaim("a key that is absent is claimed, and the loser of a claim hears who has it") { bench in
      let (winner, loser) = (try await bench.connect(), try await bench.connect())
      let created = try await winner.make("names/x", "winner")
      let response = try await loser.response(to: .claim(.making("names/x", "loser")))
      guard case .conflicted(let found) = response, let entry = found.first.flatMap(\.self) else {
        throw ConformanceFailure(description: "the second claim's answer is \(response)")
      }
      try expect(entry.value == "winner" && entry.created == created, "the loser heard of \(entry)")
    },
    CoordinatorClaim("of many claims at once exactly one wins") { bench in
      var clients: [any Coordinator] = []
      for _ in 0..<8 { clients.append(try await bench.connect()) }
      let wins = try await withThrowingTaskGroup(of: Bool.self) { group in
        for (number, client) in clients.enumerated() {
          group.addTask {
            let response = try await client.response(to: .claim(.making("names/x", "\(number)")))
            if case .committed = response { return true } else { return false }
          }
        }
        return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
      }
      try expect(wins == 1, "\(wins) of 8 claims of one key won")
    },
    CoordinatorClaim("a transaction is done in one change, or not at all") { bench in
      let client = try await bench.connect()
      let revision = try await client.make("a")
      let both = CoordinatorTransaction(
        if: [.init(CoordinatorKey("a"), created: revision), .isAbsent(CoordinatorKey("b"))],
        then: [.put(CoordinatorKey("b"), "1", lease: nil), .put(CoordinatorKey("c"), "1", lease: nil)]
      )
      guard case .committed(let second) = try await client.response(to: .claim(both)) else {
        throw ConformanceFailure(description: "conditions that held did not commit")
      }
      let entries = try await client.get("")
      try expect(entries.map(\.created) == [revision, second, second], "after one change there is \(entries)")
      let again = CoordinatorTransaction(
        if: [.init(CoordinatorKey("a"), created: revision), .isAbsent(CoordinatorKey("b"))],
        then: [.delete(CoordinatorKey("a")), .put(CoordinatorKey("d"), "1", lease: nil)]
      )
      guard case .conflicted(let found) = try await client.response(to: .claim(again)) else {
        throw ConformanceFailure(description: "a condition that did not hold committed")
      }
      try expect(found.count == 2, "two conditions are answered with \(found.count) entries")
      try expect(try await client.get("") == entries, "a transaction that was refused changed something")
    },
    CoordinatorClaim("a key is released by who made it, and not by an earlier maker") { bench in
      let client = try await bench.connect()
      let first = try await client.make("names/x", "first")
      guard case .committed = try await client.response(to: .release(CoordinatorKey("names/x"), created: first)) else {
        throw ConformanceFailure(description: "the maker could not release its key")
      }
      try await client.make("names/x", "second")
      let response = try await client.response(to: .release(CoordinatorKey("names/x"), created: first))
      guard case .conflicted = response else {
        throw ConformanceFailure(description: "a former maker's release is answered with \(response)")
      }
      try expect(try await client.get("names/x").map(\.value) == ["second"], "a former maker released the key")
    },
    CoordinatorClaim("the revision of a key's creation grows with every claim of it") { bench in
      let client = try await bench.connect()
      var last = Revision.zero
      for _ in 0..<5 {
        let created = try await client.make("names/x")
        try expect(created > last, "a claim has token \(created), an earlier one had \(last)")
        last = created
        _ = try await client.perform(.release(CoordinatorKey("names/x"), created: created))
      }
    },
    CoordinatorClaim("a new value keeps the revision of its key's creation") { bench in
      let client = try await bench.connect()
      let created = try await client.make("a", "1")
      let change = CoordinatorTransaction(
        if: [.init(CoordinatorKey("a"), created: created)],
        then: [.put(CoordinatorKey("a"), "2", lease: nil)]
      )
      _ = try await client.perform(.claim(change))
      let entries = try await client.get("a")
      try expect(entries.map(\.value) == ["2"] && entries.map(\.created) == [created], "there is \(entries)")
      try expect(entries.allSatisfy { $0.modified > created }, "the change has no revision of its own")
    },
    CoordinatorClaim("a list has the keys with the prefix, in their order, and no others") { bench in
      let client = try await bench.connect()
      for key in ["names/b", "nodes/a", "names/a", "name"] { try await client.make(key) }
      let keys = try await client.get("names/").map(\.key.text)
      try expect(keys == ["names/a", "names/b"], "the list has \(keys)")
    },
    CoordinatorClaim("a transaction that changes a key twice is refused") { bench in
      let client = try await bench.connect()
      let key = CoordinatorKey("a")
      let twice = CoordinatorTransaction(if: [], then: [.put(key, "1", lease: nil), .delete(key)])
      let response = try await client.response(to: .claim(twice))
      try expect(response == .refused(.keyTwice(key)), "the answer is \(response)")
    },
  ]
}
