/// What becomes of a thread whose node can't renew its lease.
package enum PartitionPolicy: UInt8, Hashable, Codable, Sendable, CaseIterable {
  /// Stopped at the deadline; goes on when the lease was renewed, and is killed when it was lost.
  case suspend = 1
  /// Killed at the deadline.
  case kill
  /// Left alone. It can't hold a global name or be in a shared custodian, and nobody takes it for dead until its node,
  /// or that node's successor on the same seat, was heard of again.
  case keep
}
