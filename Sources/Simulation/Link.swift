internal import Cluster
internal import DequeModule
internal import HeddleModel

/// One end of a link, over a network that keeps nothing in order: it brings each frame once and in order, or ends.
struct Link {
  enum Event {
    case opened(NodeGreeting)
    case closed
    case received(Frame)
  }

  private enum Phase { case dialing, open }

  private struct Sent {
    let number: UInt64
    let frame: Frame
    var at: Instant
  }

  /// After so long without a word the link is over, in milliseconds.
  static let patience: UInt64 = 3_000
  private static let resendAfter: UInt64 = 150
  private static let silenceMost: UInt64 = 900

  private(set) var session: UInt64
  private var other: UInt64 = 0
  private var phase = Phase.dialing
  private var lastOut: UInt64 = 0
  private var unacknowledged: Deque<Sent> = []
  private var lastIn: UInt64 = 0
  private var early: [UInt64: Frame] = [:]
  private var heardAt: Instant
  private var spokeAt: Instant

  init(session: UInt64, now: Instant) {
    self.session = session
    heardAt = now
    spokeAt = now
  }

  var isOpen: Bool { phase == .open }

  // MARK: - Inputs

  mutating func send(_ frame: Frame, now: Instant, packets: inout [Packet]) {
    guard phase == .open else { return }
    lastOut += 1
    unacknowledged.append(Sent(number: lastOut, frame: frame, at: now))
    packets.append(data(lastOut, frame))
    spokeAt = now
  }

  mutating func dial(_ greeting: NodeGreeting, packets: inout [Packet]) {
    packets.append(.hello(session: session, echo: other, greeting))
  }

  /// Ends it, and begins another.
  mutating func close(next: UInt64, now: Instant, events: inout [Event]) {
    if phase == .open { events.append(.closed) }
    self = Link(session: next, now: now)
  }

  /// - Parameter isLax: whether frames are given on as they come.
  mutating func receive(
    _ packet: Packet,
    _ greeting: NodeGreeting,
    next: () -> UInt64,
    isLax: Bool,
    now: Instant,
    packets: inout [Packet],
    events: inout [Event]
  ) {
    switch packet {
    case .hello(let theirs, let echo, let theirGreeting):
      if phase == .open {
        guard theirs != other else {
          if echo != session { dial(greeting, packets: &packets) }
          return
        }
        // The other side began anew; a hello of an earlier session has a smaller number.
        guard theirs > other else { return }
        close(next: next(), now: now, events: &events)
      }
      guard theirs >= other else { return }
      other = theirs
      dial(greeting, packets: &packets)
      guard echo == session else { return }
      phase = .open
      heardAt = now
      events.append(.opened(theirGreeting))
    case .data(let from, let to, let number, let frame, let acknowledged):
      guard phase == .open, from == other, to == session else { return }
      heardAt = now
      take(acknowledged)
      take(number, frame, isLax: isLax, events: &events)
      packets.append(.acknowledge(from: session, to: other, acknowledged: lastIn))
      spokeAt = now
    case .acknowledge(let from, let to, let acknowledged):
      guard phase == .open, from == other, to == session else { return }
      heardAt = now
      take(acknowledged)
    }
  }

  /// Sends again what may be lost, says that it is there, and gives up a silent other side.
  mutating func tick(
    _ greeting: NodeGreeting,
    next: () -> UInt64,
    now: Instant,
    packets: inout [Packet],
    events: inout [Event]
  ) {
    switch phase {
    case .dialing: dial(greeting, packets: &packets)
    case .open:
      guard now.milliseconds(since: heardAt) < Self.patience else {
        return close(next: next(), now: now, events: &events)
      }
      for index in unacknowledged.indices.prefix(16)
      where now.milliseconds(since: unacknowledged[index].at) >= Self.resendAfter {
        unacknowledged[index].at = now
        packets.append(data(unacknowledged[index].number, unacknowledged[index].frame))
        spokeAt = now
      }
      guard now.milliseconds(since: spokeAt) >= Self.silenceMost else { return }
      packets.append(.acknowledge(from: session, to: other, acknowledged: lastIn))
      spokeAt = now
    }
  }

  // MARK: - Numbers

  private func data(_ number: UInt64, _ frame: Frame) -> Packet {
    .data(from: session, to: other, number: number, frame, acknowledged: lastIn)
  }

  private mutating func take(_ acknowledged: UInt64) {
    while let first = unacknowledged.first, first.number <= acknowledged { unacknowledged.removeFirst() }
  }

  private mutating func take(_ number: UInt64, _ frame: Frame, isLax: Bool, events: inout [Event]) {
    if isLax {
      lastIn = max(lastIn, number)
      return events.append(.received(frame))
    }
    guard number > lastIn else { return }
    early[number] = frame
    while let next = early.removeValue(forKey: lastIn + 1) {
      lastIn += 1
      events.append(.received(next))
    }
  }
}
