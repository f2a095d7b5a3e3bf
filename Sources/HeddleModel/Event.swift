/// What a wait can wait for. Events are data; what is done with a result (wrap, guard, handle) stays with the shells.
package enum Event: Hashable, Codable, Sendable {
  /// A death, suspension or resumption, of any thread.
  case state(StateEvent)
  /// The waiting thread has mail; it takes none. Racket: `thread-receive-evt`.
  case mail
  /// The waiting thread has mail, and takes the first message. Racket: `thread-receive`.
  case receive
  /// A semaphore's count is above zero, and goes down by one.
  case semaphore(SemaphoreID)
  /// A semaphore's count is above zero, and stays. Racket: `semaphore-peek-evt`.
  case peek(SemaphoreID)
  /// Another wait gets from the channel at the same time.
  case put(ChannelID)
  /// Another wait puts to the channel at the same time.
  case get(ChannelID)
  /// The custodian is shut down. Racket: a custodian box.
  case shutdown(CustodianID)
  /// The clock stands at the instant or past it.
  case alarm(Instant)
  /// The event that the nack was made for was not chosen. Racket: `nack-guard-evt`.
  case nack(NackID)
  /// The nested thread of the waiting thread is done, and with it all that is nested in it.
  case nestedEnd
  case always
  case never
}

/// One of the events that a wait chooses from.
package struct Branch: Hashable, Codable, Sendable {
  package let event: Event
  /// The nacks that stay silent when this branch is chosen; all others of the wait become ready.
  package let nacks: [NackID]

  package init(_ event: Event, nacks: [NackID] = []) {
    self.event = event
    self.nacks = nacks
  }
}
