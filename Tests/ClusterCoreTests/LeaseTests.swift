import Cluster
import HeddleModel
import Testing

@Suite("LeaseHolder")
struct LeaseTests {
  private let lease = LeaseID(rawValue: 1)
  private let epoch = Epoch(rawValue: 3)
  private func at(_ milliseconds: UInt64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

  /// A holder that sent its request for a lease at 0 and is in.
  private func holding() -> LeaseHolder {
    var holder = LeaseHolder(terms: .usual, seed: 1)
    var effects: [LeaseHolder.Effect] = []
    holder.coordinatorFound(now: at(0), effects: &effects)
    holder.granted(lease, sent: at(0), effects: &effects)
    holder.joined(lease, epoch, now: at(2), effects: &effects)
    #expect(
      effects == [.ask(.grant), .ask(.claimNode(lease)), .joined(epoch), .extend(until: at(4_940))]
    )
    return holder
  }

  private func pass(_ holder: inout LeaseHolder, to now: Instant) -> [LeaseHolder.Effect] {
    var effects: [LeaseHolder.Effect] = []
    holder.timePassed(now: now, effects: &effects)
    return effects
  }

  @Test("six seconds of lease are 4.94 to act in, and are renewed every two at most")
  func terms() {
    #expect(LeaseTerms.usual.ttl == .seconds(6))
    #expect(LeaseTerms.usual.tenure == .milliseconds(4_940))
    #expect(LeaseTerms.usual.renewal == .seconds(2))
  }

  @Test("the deadline counts from when the renewal was sent, however late the answer comes")
  func countsFromSending() {
    var holder = holding()
    var effects: [LeaseHolder.Effect] = []
    holder.kept(lease, sent: at(2_000), now: at(4_500), effects: &effects)
    #expect(effects == [.extend(until: at(6_940))])
    #expect(holder.deadline == at(6_940))
  }

  @Test("renewals are sent each third of the time, up to a tenth earlier, and not all at once")
  func renewals() {
    for seed in 0..<50 {
      var holder = LeaseHolder(terms: .usual, seed: UInt64(seed))
      var effects: [LeaseHolder.Effect] = []
      holder.coordinatorFound(now: at(0), effects: &effects)
      let due = holder.nextDeadline ?? at(0)
      #expect(due >= at(1_800) && due <= at(2_000))
    }
  }

  @Test("at the deadline it fences, once; the lease is asked about on")
  func fences() {
    var holder = holding()
    holder.coordinatorLost()
    #expect(holder.nextDeadline == at(4_940))
    #expect(pass(&holder, to: at(4_939)).isEmpty)
    #expect(pass(&holder, to: at(4_940)) == [.fence])
    #expect(pass(&holder, to: at(60_000)).isEmpty)
    #expect(holder.phase == .fenced(lease, epoch))
    var effects: [LeaseHolder.Effect] = []
    holder.coordinatorFound(now: at(60_001), effects: &effects)
    #expect(effects == [.ask(.keepAlive(lease))])
  }

  @Test("a renewal after the deadline lets all go on in the same stay")
  func unfences() {
    var holder = holding()
    _ = pass(&holder, to: at(4_940))
    var effects: [LeaseHolder.Effect] = []
    holder.kept(lease, sent: at(5_000), now: at(5_010), effects: &effects)
    #expect(effects == [.extend(until: at(9_940)), .unfence])
    #expect(holder.epoch == epoch)
  }

  @Test("an answer that is so late that its time is over lets nothing go on")
  func staleAnswer() {
    var holder = holding()
    _ = pass(&holder, to: at(7_000))
    var effects: [LeaseHolder.Effect] = []
    holder.kept(lease, sent: at(2_000), now: at(7_001), effects: &effects)
    #expect(effects.isEmpty)
    #expect(holder.phase == .fenced(lease, epoch))
  }

  @Test("an earlier renewal's answer never takes time away")
  func reordered() {
    var holder = holding()
    var effects: [LeaseHolder.Effect] = []
    holder.kept(lease, sent: at(2_000), now: at(2_010), effects: &effects)
    holder.kept(lease, sent: at(1_000), now: at(2_020), effects: &effects)
    #expect(holder.deadline == at(6_940))
  }

  @Test("a lost lease ends all that depends on it, and a new one is asked for")
  func loses() {
    var holder = holding()
    var effects: [LeaseHolder.Effect] = []
    holder.lost(lease, now: at(3_000), effects: &effects)
    #expect(effects == [.lose(epoch), .ask(.grant)])
    #expect(holder.epoch == nil && holder.deadline == nil)
    effects = []
    holder.lost(lease, now: at(3_001), effects: &effects)
    #expect(effects.isEmpty)
  }

  @Test("who left asks for nothing any more")
  func leaves() {
    var holder = holding()
    var effects: [LeaseHolder.Effect] = []
    #expect(holder.leave(effects: &effects) == lease)
    #expect(effects == [.lose(epoch)])
    #expect(pass(&holder, to: at(60_000)).isEmpty)
    #expect(holder.nextDeadline == nil)
  }
}
