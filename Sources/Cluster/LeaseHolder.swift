package import HeddleModel

/// A node's hold on its place in the cluster: the lease, the node key under it, and until when what depends on them may act.
///
/// It asks for a lease, claims the node key with it, renews, and orders a fence at the deadline. The deadline counts from
/// when the last renewal that was answered had been sent (`LeaseTerms`).
package struct LeaseHolder: Equatable, Codable, Sendable {
  /// How far the node is in.
  package enum Phase: Hashable, Codable, Sendable {
    /// Without a lease.
    case outside
    /// With a lease, and without the node key as yet.
    case joining(LeaseID)
    case holding(LeaseID, Epoch)
    /// Past the deadline: what depends on the lease is stopped. The lease may still be renewed, or be lost.
    case fenced(LeaseID, Epoch)
    /// It will not join any more.
    case left
  }

  /// What it has to ask of the coordinator.
  package enum Question: Hashable, Codable, Sendable {
    case grant
    case keepAlive(LeaseID)
    case claimNode(LeaseID)
    case revoke(LeaseID)
  }

  package enum Effect: Hashable, Sendable {
    case ask(Question)
    case joined(Epoch)
    /// The deadline is there: stop what depends on the lease.
    case fence
    /// It was renewed: let it go on.
    case unfence
    /// The lease is gone, and its keys with it: end what depends on it.
    case lose(Epoch)
    /// What depends on the lease may act until then.
    case extend(until: Instant)
  }

  package let terms: LeaseTerms
  package private(set) var phase = Phase.outside
  /// Until when what depends on the lease may act.
  package private(set) var deadline: Instant?
  private var isConnected = false
  /// When the next renewal, or the next attempt at a lease, is due.
  private var due: Instant?
  private var random: SplitMix64

  package init(terms: LeaseTerms, seed: UInt64) {
    self.terms = terms
    random = SplitMix64(seed: seed)
  }

  /// When `timePassed` has something to do; nil when nothing waits for time.
  package var nextDeadline: Instant? {
    var next: Instant? = isConnected ? due : nil
    if case .holding = phase, let deadline { next = min(next ?? deadline, deadline) }
    return next
  }

  // MARK: - The coordinator comes and goes

  package mutating func coordinatorFound(now: Instant, effects: inout [Effect]) {
    isConnected = true
    due = now
    timePassed(now: now, effects: &effects)
  }

  /// Nothing that was asked will be answered. The lease runs on.
  package mutating func coordinatorLost() { isConnected = false }

  package mutating func timePassed(now: Instant, effects: inout [Effect]) {
    if case .holding(let lease, let epoch) = phase, let deadline, deadline <= now {
      phase = .fenced(lease, epoch)
      effects.append(.fence)
    }
    guard isConnected, let due, due <= now else { return }
    self.due = now.advanced(by: terms.nextRenewal(&random))
    switch phase {
    case .outside: effects.append(.ask(.grant))
    case .joining(let lease): effects += [.ask(.keepAlive(lease)), .ask(.claimNode(lease))]
    case .holding(let lease, _), .fenced(let lease, _): effects.append(.ask(.keepAlive(lease)))
    case .left: self.due = nil
    }
  }

  // MARK: - Answers

  /// To `grant`.
  package mutating func granted(_ lease: LeaseID, sent: Instant, effects: inout [Effect]) {
    // A second answer, to an attempt that was given up: that lease runs out unused.
    guard phase == .outside else { return effects.append(.ask(.revoke(lease))) }
    phase = .joining(lease)
    deadline = sent.advanced(by: terms.tenure)
    effects.append(.ask(.claimNode(lease)))
  }

  /// To `grant`: not now. It is tried again after `span` at the latest.
  package mutating func postponed(by span: Duration, now: Instant) {
    guard phase == .outside else { return }
    due = min(due ?? .end, now.advanced(by: span))
  }

  /// To `claimNode`: the node key is there, and is ours.
  package mutating func joined(_ lease: LeaseID, _ epoch: Epoch, now: Instant, effects: inout [Effect]) {
    guard phase == .joining(lease), let deadline else { return }
    phase = .holding(lease, epoch)
    effects += [.joined(epoch), .extend(until: deadline)]
    timePassed(now: now, effects: &effects)
  }

  /// To `keepAlive`.
  package mutating func kept(_ lease: LeaseID, sent: Instant, now: Instant, effects: inout [Effect]) {
    guard lease == self.lease else { return }
    let renewed = max(deadline ?? sent, sent.advanced(by: terms.tenure))
    deadline = renewed
    guard renewed > now else { return }
    switch phase {
    case .fenced(_, let epoch):
      phase = .holding(lease, epoch)
      effects += [.extend(until: renewed), .unfence]
    case .holding: effects.append(.extend(until: renewed))
    case .outside, .joining, .left: break
    }
  }

  /// The lease is gone, as an answer says or as the node key's deletion shows. A new one is asked for.
  package mutating func lost(_ lease: LeaseID, now: Instant, effects: inout [Effect]) {
    guard lease == self.lease else { return }
    let former = phase
    phase = .outside
    deadline = nil
    due = now
    switch former {
    case .holding(_, let epoch), .fenced(_, let epoch): effects.append(.lose(epoch))
    case .joining, .outside, .left: break
    }
    timePassed(now: now, effects: &effects)
  }

  /// The node leaves, or was ordered out: it renews no more.
  ///
  /// - Returns: the lease, to be revoked once all that depends on it has ended. It runs out by itself, too.
  package mutating func leave(effects: inout [Effect]) -> LeaseID? {
    let former = lease
    if let epoch { effects.append(.lose(epoch)) }
    phase = .left
    deadline = nil
    due = nil
    return former
  }

  package var lease: LeaseID? {
    switch phase {
    case .joining(let lease), .holding(let lease, _), .fenced(let lease, _): lease
    case .outside, .left: nil
    }
  }

  /// The stay that the node is in; nil outside.
  package var epoch: Epoch? {
    switch phase {
    case .holding(_, let epoch), .fenced(_, let epoch): epoch
    case .outside, .joining, .left: nil
    }
  }
}

extension Instant {
  fileprivate static let end = Instant(nanoseconds: .max)
}
