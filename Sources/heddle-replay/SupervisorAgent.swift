internal import HeddleClient
internal import HeddleThreads

/// What an agent does when everything has settled.
enum AgentStanding: Equatable, Sendable {
  /// Its thread waits.
  case parked(AgentFigures)
  case suspended
  case dead
}

/// One agent of a trace, as the driver knows it.
struct SupervisorAgent: Sendable {
  /// What was last seen of its life.
  private enum Life {
    /// Not seen yet.
    case new
    /// It ran; the promise is kept with what ended that.
    case running(until: Promise<Result<AgentStanding, any Error>>)
    case suspended
    case dead
  }

  let name: ThreadName
  let thread: RemoteThread
  private var life = Life.new

  init(name: ThreadName, thread: RemoteThread) {
    self.name = name
    self.thread = thread
  }

  /// How it stands, once it is parked or cannot say so.
  mutating func standing(asking door: AgentDoor) async throws -> AgentStanding {
    try await look()
    switch life {
    case .new: preconditionFailure("an agent that was looked at has a life")
    case .dead: return .dead
    case .suspended: return .suspended
    case .running(let halt):
      let standing = try await sync(halt, door.probe(thread).wrap { .success(.parked($0)) }).get()
      note(standing)
      return standing
    }
  }

  private mutating func note(_ standing: AgentStanding) {
    switch standing {
    case .parked: break
    case .suspended: life = .suspended
    case .dead: life = .dead
    }
  }

  /// Finds out whether it runs, unless that is known.
  private mutating func look() async throws {
    switch life {
    case .running, .dead: return
    case .suspended: if try await thread.status().state == .suspended { return }
    case .new: break
    }
    // Asked for first, so that a suspension is not missed.
    let suspension = try await thread.suspension()
    let halt = choice(suspension.wrap { _ in AgentStanding.suspended }, thread.death.wrap { _ in AgentStanding.dead })
    switch try await thread.status().state {
    case .starting, .running: life = .running(until: Self.promise(of: halt))
    // Once it stands still, or nothing of it is left.
    case .suspended, .ending, .dead: note(try await sync(halt))
    }
  }

  /// Waits for the event from now on, whoever asks.
  private static func promise(of halt: AnyEvent<AgentStanding>) -> Promise<Result<AgentStanding, any Error>> {
    let promise = Promise<Result<AgentStanding, any Error>>()
    Task {
      do { promise.fulfill(.success(try await sync(halt))) } catch { promise.fulfill(.failure(error)) }
    }
    return promise
  }
}

extension ThreadState {
  init(_ standing: AgentStanding) {
    self =
      switch standing {
      case .parked: .running
      case .suspended: .suspended
      case .dead: .dead
      }
  }
}
