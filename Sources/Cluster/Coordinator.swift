/// One client's connection to whatever keeps the cluster's keys: the registrar of this process or of another, or etcd.
///
/// What it promises is written as claims in CoordinatorConformance; every engine passes them.
package protocol Coordinator: Sendable {
  /// Asks, and waits for the answer. Requests of one client are carried out in the order in which they were made.
  ///
  /// - Throws: `lost` when the connection ended before the answer came: it may have been carried out, or not.
  func perform(_ request: CoordinatorRequest) async throws(CoordinatorError) -> CoordinatorAnswer

  /// The changes to keys that begin with `prefix`, from `revision` on, in order and each once. The stream ends when the
  /// connection does.
  ///
  /// - Throws: `compacted` when the coordinator has forgotten that revision.
  func watch(_ prefix: String, from revision: Revision) async throws(CoordinatorError) -> AsyncStream<CoordinatorNews>
}

package enum CoordinatorError: Error, Equatable, Sendable {
  /// The connection to the coordinator is gone.
  case lost
  /// What a watch was to begin with is forgotten; everything from this revision on is there.
  case compacted(before: Revision)
  case refused(CoordinatorRefusal)
}
