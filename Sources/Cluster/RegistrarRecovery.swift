package import HeddleModel

// MARK: - Starting

extension Registrar {
  /// A registrar that begins with what its journal says.
  ///
  /// It keeps every lease for its full time, and grants none for the longest that it ever granted, or `usualTTL` if that
  /// is longer: also with an empty journal, which may have been lost.
  ///
  /// - Parameters:
  ///   - records: of `Journal.read`; none if there is no journal.
  ///   - fresh: the cluster's identity if this is its beginning; drawn at random.
  ///   - first: the revision that the cluster begins with then: what the wall clock shows, in milliseconds, so that tokens
  ///     go on growing when a journal was lost.
  ///   - effects: gets the record of this start, which has to be on the disk before any answer.
  package static func recovered(
    from records: [JournalRecord],
    orFounding fresh: ClusterID,
    at first: Revision = .zero,
    usualTTL: Duration = LeaseTerms.usual.ttl,
    bounds: RegistrarBounds = RegistrarBounds(),
    now: Instant,
    effects: inout [RegistrarEffect]
  ) -> Registrar {
    var registry = Registry(cluster: fresh, start: RegistrarStart(rawValue: 0))
    for record in records { _ = registry.apply(record) }
    let rest = max(usualTTL, registry.longestTTL)
    var registrar = Registrar(
      registry: registry,
      phase: .settling(until: now.advanced(by: rest)),
      recordCount: records.count,
      bounds: bounds
    )
    let start = RegistrarStart(rawValue: registry.start.rawValue + 1)
    _ = registrar.record(
      .started(registry.cluster, start, from: max(registry.revision, records.isEmpty ? first : .zero)),
      effects: &effects
    )
    registrar.oldest = registrar.registry.revision.next
    registrar.renewAll(now)
    return registrar
  }
}
