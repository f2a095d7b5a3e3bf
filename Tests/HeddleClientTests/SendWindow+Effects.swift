import HeddleClient
import HeddleModel
import HeddleWire

/// Each input, with what is to be done about it as the answer.
extension SendWindow {
  mutating func take(_ letter: Letter) -> [Effect] {
    var effects: [Effect] = []
    take(letter, effects: &effects)
    return effects
  }

  /// Posts what fits, and forgets the others.
  mutating func post(_ bodies: [[UInt8]], to receiver: ThreadID) -> [Effect] {
    var effects: [Effect] = []
    _ = post(bodies[...], to: receiver, effects: &effects)
    return effects
  }

  mutating func receive(_ ack: Ack) throws(SendWindowError) -> [Effect] {
    var effects: [Effect] = []
    try receive(ack, effects: &effects)
    return effects
  }

  mutating func receiveRoom(for receiver: ThreadID) -> [Effect] {
    var effects: [Effect] = []
    receiveRoom(for: receiver, effects: &effects)
    return effects
  }

  mutating func withdraw(_ ticket: UInt64, to receiver: ThreadID) -> [Effect] {
    var effects: [Effect] = []
    withdraw(ticket, to: receiver, effects: &effects)
    return effects
  }
}
