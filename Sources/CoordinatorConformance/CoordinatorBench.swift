package import Cluster

/// A coordinator that is to be examined: a fresh one, of which nothing is known to anybody else.
package protocol CoordinatorBench: Sendable {
  /// What its leases are asked for: the least that it grants, say.
  var ttl: Duration { get }

  /// A client of its own.
  func connect() async throws -> any Coordinator

  /// Returns when so much of the coordinator's time has passed.
  func pass(_ span: Duration) async throws

  /// Stops the coordinator, without warning, and starts it again with what it has on its disk. Clients of before are lost.
  /// Returns when it grants again.
  func restart() async throws
}

/// Something that a coordinator does not do.
package struct ConformanceFailure: Error, CustomStringConvertible {
  package let description: String
}

func expect(_ holds: Bool, _ sentence: @autoclosure () -> String) throws {
  guard holds else { throw ConformanceFailure(description: sentence()) }
}

// MARK: - Shorthand of the claims

extension CoordinatorBench {
  /// A lease of this bench's time.
  func lease(_ client: any Coordinator) async throws -> LeaseID {
    let response = try await client.perform(.grant(ttl: ttl)).response
    guard case .granted(let lease, _) = response else {
      throw ConformanceFailure(description: "a lease was asked for, and the answer is \(response)")
    }
    return lease
  }
}

extension Coordinator {
  /// Puts `key` if it is absent.
  ///
  /// - Returns: the revision of its creation.
  @discardableResult
  func make(_ key: String, _ value: String = "", lease: LeaseID? = nil) async throws -> Revision {
    let response = try await perform(.claim(.making(key, value, lease: lease))).response
    guard case .committed(let revision) = response else {
      throw ConformanceFailure(description: "\(key) was claimed, and the answer is \(response)")
    }
    return revision
  }

  func get(_ prefix: String) async throws -> [CoordinatorEntry] {
    let response = try await perform(.get(prefix: prefix)).response
    guard case .found(let entries) = response else {
      throw ConformanceFailure(description: "\(prefix) was asked for, and the answer is \(response)")
    }
    return entries
  }

  func response(to request: CoordinatorRequest) async throws -> CoordinatorResponse {
    try await perform(request).response
  }
}

extension CoordinatorTransaction {
  static func making(_ key: String, _ value: String = "", lease: LeaseID? = nil) -> CoordinatorTransaction {
    CoordinatorTransaction(
      if: [.isAbsent(CoordinatorKey(key))],
      then: [.put(CoordinatorKey(key), value, lease: lease)]
    )
  }
}

/// The next of a watch's news.
func next(_ news: inout AsyncStream<CoordinatorNews>.Iterator) async throws -> CoordinatorNews {
  guard let news = await news.next(isolation: nil) else {
    throw ConformanceFailure(description: "a watch ended while its client was connected")
  }
  return news
}
