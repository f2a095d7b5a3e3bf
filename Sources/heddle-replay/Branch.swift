/// One alternative of a sync.
package struct Branch: Equatable, Sendable {
  /// Ready once the sync ended otherwise than by choosing this branch; nil: nobody asks.
  package var nack: NackName?
  package var source: Source

  package init(_ source: Source, nack: NackName? = nil) {
    self.nack = nack
    self.source = source
  }

  /// What a branch waits for.
  package enum Source: Equatable, Sendable {
    /// Mail is there; it stays.
    case mail
    /// Takes the oldest message.
    case receive
    case always
    case never
    /// Takes one from the count.
    case semaphore(SemaphoreName)
    /// The count is above zero; it stays.
    case peek(SemaphoreName)
    case put(ChannelName, Int)
    case get(ChannelName)
    /// An event that the driver keeps.
    case event(EventName)
    /// The custodian is shut down.
    case box(CustodianName)
    /// The clock stands at or past this time, in milliseconds.
    case alarm(Int)
  }
}
