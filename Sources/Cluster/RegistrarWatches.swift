import DequeModule

// MARK: - Watches

extension Registrar {
  /// Why no watch can begin with `revision`; nil if one can.
  func refusalOfWatch(from revision: Revision) -> CoordinatorResponse? {
    guard watches.count < bounds.watchesMax else { return .refused(.tooManyWatches(most: bounds.watchesMax)) }
    guard revision <= registry.revision.next else {
      return .refused(.future(asked: revision, latest: registry.revision))
    }
    return revision < oldest ? .compacted(before: oldest) : nil
  }

  /// Tells what happened since `revision`, and from now on all that happens.
  mutating func begin(_ watch: Watch, from revision: Revision, effects: inout [RegistrarEffect]) {
    watches.append(watch)
    for news in history where news.revision >= revision { tell(watch, news, effects: &effects) }
  }

  mutating func unwatch(_ id: CoordinatorRequestID, of client: RegistrarClientID) -> CoordinatorResponse {
    guard let index = watches.firstIndex(where: { $0.client == client && $0.id == id }) else {
      return .refused(.noWatch(id))
    }
    watches.remove(at: index)
    return .unwatched
  }

  /// Tells all watches what changed, and keeps it for later ones.
  mutating func publish(_ news: CoordinatorNews?, effects: inout [RegistrarEffect]) {
    guard let news else { return }
    history.append(news)
    if history.count > bounds.historyMax {
      history.removeFirst()
      oldest = history.first?.revision ?? news.revision.next
    }
    for watch in watches { tell(watch, news, effects: &effects) }
  }

  private func tell(_ watch: Watch, _ news: CoordinatorNews, effects: inout [RegistrarEffect]) {
    let events = news.events.filter { $0.key.hasPrefix(watch.prefix) }
    guard !events.isEmpty else { return }
    let told = CoordinatorNews(revision: news.revision, events: events)
    effects.append(.tell(watch.client, watch.id, standing, told))
  }
}
