import HeddleThreads

/// A queue with room for so many items. A put waits while it is full; a take waits for an item that it likes.
///
/// Its state is a local variable of a manager thread. Whoever uses the buffer resumes the manager first and vouches for
/// it, so the manager runs whenever one of its users does: the buffer outlives the thread that made it.
struct BoundedBuffer<Item: Sendable>: Sendable {
  private let items = Channel<Item>()
  private let requests = Channel<Request<Item>>()
  let manager: LocalThread

  init(capacity: Int) async throws {
    let (items, requests) = (items, requests)
    // When its last custodian is shut down it is suspended, not killed.
    manager = try await LocalThread(suspendsOnKill: true) {
      try await manage(items, requests, capacity: capacity)
    }
  }

  /// Ready when the buffer takes `item`.
  func putting(_ item: Item) -> AnyEvent<Void> {
    guarded {
      try await vouch()
      return items.putting(item)
    }
  }

  /// Ready when the buffer has an item that `isLiked`: with the oldest of them, which is gone from the buffer then.
  func taking(where isLiked: @escaping @Sendable (Item) -> Bool = { _ in true }) -> AnyEvent<Item> {
    nackGuarded { nack in
      try await vouch()
      let request = Request(isLiked: isLiked, reply: Channel(), nack: nack)
      try await requests.put(request)
      return request.reply.getting
    }
  }

  func put(_ item: Item) async throws { try await sync(putting(item)) }

  func take(where isLiked: @escaping @Sendable (Item) -> Bool = { _ in true }) async throws -> Item {
    try await sync(taking(where: isLiked))
  }

  /// Lets the manager run as long as the caller does.
  private func vouch() async throws { try await manager.resume(benefactor: .thread(.current)) }
}

/// A take that waits.
private struct Request<Item: Sendable>: Sendable {
  let isLiked: @Sendable (Item) -> Bool
  let reply: Channel<Item>
  /// Ready when the taker does not want an item any more: it chose something else, or was killed.
  let nack: AnyEvent<Void>
}

private enum Happening<Item: Sendable>: Sendable {
  case put(Item)
  case asked(Request<Item>)
  case served(request: Int, item: Int)
  case gaveUp(request: Int)
}

/// The manager's life.
private func manage<Item>(_ items: Channel<Item>, _ requests: Channel<Request<Item>>, capacity: Int) async throws {
  var stock: [Item] = []
  var waiting: [Request<Item>] = []
  while true {
    var events: [any Event<Happening<Item>>] = [requests.getting.wrap { .asked($0) }]
    if stock.count < capacity { events.append(items.getting.wrap { .put($0) }) }
    for (number, request) in waiting.enumerated() {
      events.append(request.nack.wrap { .gaveUp(request: number) })
      guard let liked = stock.firstIndex(where: request.isLiked) else { continue }
      events.append(request.reply.putting(stock[liked]).wrap { .served(request: number, item: liked) })
    }
    switch try await sync(choice(events)) {
    case .put(let item): stock.append(item)
    case .asked(let request): waiting.append(request)
    case .served(let request, let item):
      waiting.remove(at: request)
      stock.remove(at: item)
    case .gaveUp(let request): waiting.remove(at: request)
    }
  }
}
