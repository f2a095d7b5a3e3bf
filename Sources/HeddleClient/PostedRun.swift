package import HeddleModel
internal import HeddleWire

/// Posted messages to one receiver, one behind the other, that wait for room in a full mailbox.
///
/// It shares the poster's array: a message in it costs nothing of its own until a full mailbox refuses it.
package struct PostedRun: Equatable, Sendable {
  package let receiver: ThreadID
  package private(set) var bodies: ArraySlice<[UInt8]>
  /// What it takes of a window: its frames, in bytes.
  package private(set) var cost: Int

  package init(_ bodies: ArraySlice<[UInt8]>, to receiver: ThreadID) {
    self.init(bodies, to: receiver, costMax: .max)
  }

  /// Those of `bodies`, from the first on, whose frames have at most `costMax` bytes together.
  init(_ bodies: ArraySlice<[UInt8]>, to receiver: ThreadID, costMax: Int) {
    let span = bodies.span
    var (count, cost) = (0, 0)
    while count < span.count, cost + FrameHeader.count + span[count].count <= costMax {
      cost += FrameHeader.count + span[count].count
      count += 1
    }
    self.init(bodies.prefix(count), to: receiver, cost: cost)
  }

  private init(_ bodies: ArraySlice<[UInt8]>, to receiver: ThreadID, cost: Int) {
    self.receiver = receiver
    self.bodies = bodies
    self.cost = cost
  }

  package var count: Int { bodies.count }
  var isEmpty: Bool { bodies.isEmpty }

  /// Takes off the first `count` messages, and returns them.
  mutating func removeFirst(_ count: Int) -> PostedRun {
    var first = self
    if count < bodies.count { first = PostedRun(bodies.prefix(count), to: receiver) }
    bodies = bodies.dropFirst(count)
    cost -= first.cost
    return first
  }

  /// Takes off the first message, as a letter of its own; nil when there is none.
  mutating func popLetter() -> Letter? {
    guard let body = bodies.popFirst() else { return nil }
    let letter = Letter(posted: body, to: receiver)
    cost -= letter.cost
    return letter
  }
}
