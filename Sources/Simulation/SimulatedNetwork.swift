internal import Cluster
internal import HeddleModel

/// What lies between the nodes.
struct SimulatedNetwork {
  /// By sender, then receiver: how many cuts there are.
  private var cuts: [[Int]]
  /// By sender, then receiver: how much longer a packet takes, in microseconds.
  private var slowness: [[UInt64]]
  /// Of a hundred packets, so many are lost, doubled, and late.
  var lossPercent: UInt64 = 1
  var doublePercent: UInt64 = 1
  var latePercent: UInt64 = 3

  init(nodeCount: Int) {
    cuts = Array(repeating: Array(repeating: 0, count: nodeCount), count: nodeCount)
    slowness = Array(repeating: Array(repeating: 0, count: nodeCount), count: nodeCount)
  }

  mutating func cut(from: Int, to: Int) { cuts[from][to] += 1 }
  mutating func uncut(from: Int, to: Int) { cuts[from][to] = max(0, cuts[from][to] - 1) }

  mutating func slow(from: Int, to: Int, milliseconds: UInt64) { slowness[from][to] = milliseconds * 1_000 }

  mutating func heal() {
    self = SimulatedNetwork(nodeCount: cuts.count)
    (lossPercent, doublePercent, latePercent) = (0, 0, 0)
  }

  /// When the copies of a packet arrive; none, if it is lost. Longer waits bring it behind later packets.
  func arrivals(
    from: Int,
    to: Int,
    now: Instant,
    delayMost: UInt64,
    random: inout SplitMix64
  ) -> (Instant?, Instant?) {
    let luck = random.next()
    guard cuts[from][to] == 0, luck % 100 >= lossPercent else { return (nil, nil) }
    var delay = 200 + (luck >> 8) % delayMost + slowness[from][to]
    if (luck >> 40) % 100 < latePercent { delay += (luck >> 20) % 400_000 }
    let first = now.plus(microseconds: delay)
    guard (luck >> 48) % 100 < doublePercent else { return (first, nil) }
    return (first, now.plus(microseconds: delay + (luck >> 24) % 100_000))
  }
}
