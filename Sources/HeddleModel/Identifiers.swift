/// What the model's identifiers share: a counter from 1 that is never used twice; 0 is nobody's.
public protocol Identifier: RawRepresentable, Hashable, Comparable, Codable, Sendable, CustomStringConvertible
where RawValue == UInt64 {
  init(rawValue: UInt64)
}

extension Identifier {
  @inlinable public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

  /// The identifier in hexadecimal, as the command line writes it after `id:`.
  public var description: String { String(rawValue, radix: 16) }
}

/// One thread, from its creation for ever: no later thread has the same.
package struct ThreadID: Identifier {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// One custodian, from its creation for ever.
package struct CustodianID: Identifier {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// One wait: a `sync`, a receive, a thread-wait or a nested call, from its start to its end.
package struct WaitID: Identifier {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// One counting semaphore.
package struct SemaphoreID: Identifier {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// One rendezvous channel.
package struct ChannelID: Identifier {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// One negative acknowledgement: ready once the event that it was made for was not chosen.
package struct NackID: Identifier {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
}
