/// One thing that every coordinator does: a sentence, and how to see it on a bench of its own.
package struct CoordinatorClaim: Sendable, CustomStringConvertible {
  package let description: String
  /// Throws what was seen instead.
  package let check: @Sendable (any CoordinatorBench) async throws -> Void

  init(_ description: String, _ check: @escaping @Sendable (any CoordinatorBench) async throws -> Void) {
    self.description = description
    self.check = check
  }
}

/// What an engine has to do to be the coordinator of a cluster, be it the static registrar or another.
package enum CoordinatorConformance {
  package static let claims = ofKeys + ofLeases + ofWatches + ofRestarts
}
