import HeddleThreads
import Synchronization

/// Somebody in a room.
struct Guest: Sendable {
  let name: String
  /// Listens to the guest.
  let ear: LocalThread
  /// Says to the guest what comes as mail.
  let voice: LocalThread

  /// Lets the guest hear `line`; one whose mail piles up is shown out.
  func hear(_ line: String) async throws {
    do { try await voice.send(line) } catch let error as ThreadError where error.code == .mailboxFull {
      try await ear.sendBreak(.hangUp)
    } catch let error as ThreadError where error.code == .threadDead {
      // On the way out.
    }
  }
}

/// Who is in which room. Whoever looks never waits in here, so nobody can be stopped in the middle.
final class Lobby: Sendable {
  private let rooms = Mutex<[String: [Guest]]>([:])

  /// A guest enters a room, unless another has the name anywhere.
  func admit(_ guest: Guest, to room: String) -> Bool {
    rooms.withLock { rooms in
      guard !rooms.values.joined().contains(where: { $0.name == guest.name }) else { return false }
      rooms[room, default: []].append(guest)
      return true
    }
  }

  /// A guest leaves for another room; nil is for home.
  func move(_ guest: Guest, from old: String, to new: String?) {
    rooms.withLock { rooms in
      rooms[old]?.removeAll { $0.name == guest.name }
      if rooms[old]?.isEmpty == true { rooms[old] = nil }
      if let new { rooms[new, default: []].append(guest) }
    }
  }

  /// Those in `room`, in the order of their coming.
  func guests(in room: String) -> [Guest] { rooms.withLock { $0[room] ?? [] } }

  /// How many guests each room has, by name.
  var overview: [String] { rooms.withLock { rooms in rooms.map { "\($0.key) (\($0.value.count))" }.sorted() } }
}
