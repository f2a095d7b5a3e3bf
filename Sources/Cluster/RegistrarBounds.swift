/// How much a registrar takes. What would exceed it is refused.
package struct RegistrarBounds: Hashable, Codable, Sendable {
  package var ttl: ClosedRange<Duration> = .seconds(1)...(.seconds(3_600))
  package var keysMax = 50_000
  /// Of all keys and values, with `CoordinatorEntry.overhead` for each: they go to a node that joins in one answer.
  package var bytesMax = 768 << 10
  package var leasesMax = 4_096
  package var watchesMax = 4_096
  /// Of one value.
  package var valueBytesMax = 16_384
  /// Conditions and operations of a transaction together.
  package var transactionMax = 1_024
  /// The latest changes, which a watch can begin in.
  package var historyMax = 10_000
  /// The records after which a snapshot takes the journal's place.
  package var recordsMax = 4_096

  package init() {}
}
