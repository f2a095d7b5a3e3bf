package import HeddleModel

// MARK: - Leases and time

extension Registrar {
  /// When `timePassed` has something to do next; nil when nothing waits for time.
  package var nextDeadline: Instant? {
    let expiry = expiries.values.min()
    guard case .settling(let until) = phase else { return expiry }
    return min(until, expiry ?? until)
  }

  /// Ends the leases that ran out: in the order of their expiry, each with its keys in one change.
  ///
  /// When time is told much later than asked for, this registrar was stopped, or starved; the members could not renew,
  /// so every lease runs for its full time again, as it does after a restart.
  package mutating func timePassed(now: Instant, effects: inout [RegistrarEffect]) {
    openIfSettled(now)
    let due = expiries.filter { $0.value <= now }.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
    guard let first = due.first else { return }
    guard now < first.value.advanced(by: Self.stallAllowance) else { return renewAll(now) }
    for (lease, _) in due {
      let news = end(lease, effects: &effects)
      publish(news, effects: &effects)
    }
  }

  mutating func openIfSettled(_ now: Instant) {
    if case .settling(let until) = phase, until <= now { phase = .open }
  }

  /// Lets every lease run for its full time from now.
  mutating func renewAll(_ now: Instant) {
    for (id, lease) in registry.leases { expiries[id] = now.advanced(by: lease.ttl) }
  }

  mutating func grant(_ ttl: Duration, now: Instant, effects: inout [RegistrarEffect]) -> CoordinatorResponse {
    guard bounds.ttl.contains(ttl) else {
      return .refused(.ttl(asked: ttl, least: bounds.ttl.lowerBound, most: bounds.ttl.upperBound))
    }
    if case .settling(let until) = phase { return .refused(.settling(remaining: now.span(until: until))) }
    guard registry.leases.count < bounds.leasesMax else { return .refused(.tooManyLeases(most: bounds.leasesMax)) }
    let lease = LeaseID(rawValue: registry.lastLease.rawValue + 1)
    _ = record(.granted(lease, ttl: ttl), effects: &effects)
    expiries[lease] = now.advanced(by: ttl)
    return .granted(lease, ttl: ttl)
  }

  mutating func keepAlive(_ lease: LeaseID, now: Instant) -> CoordinatorResponse {
    guard let ttl = registry.leases[lease]?.ttl else { return .lost(lease) }
    expiries[lease] = now.advanced(by: ttl)
    return .kept(lease)
  }

  /// Ends a lease that is there. A lease without keys ends without a new revision.
  mutating func end(_ lease: LeaseID, effects: inout [RegistrarEffect]) -> CoordinatorNews? {
    expiries[lease] = nil
    let hasKeys = registry.leases[lease]?.keys.isEmpty == false
    return record(.ended(lease, hasKeys ? registry.revision.next : registry.revision), effects: &effects)
  }
}
