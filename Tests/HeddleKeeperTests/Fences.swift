import Glibc
import HeddleModel
import Supervision
import Testing

// What the tests of fences are told with.

extension Instant {
  /// Now, of the clock of deadlines.
  static var boot: Instant {
    var now = timespec()
    unsafe clock_gettime(CLOCK_BOOTTIME, &now)
    return Instant(nanoseconds: UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec))
  }

  static func fromNow(milliseconds: UInt64) -> Instant {
    Instant(nanoseconds: boot.nanoseconds + milliseconds * 1_000_000)
  }
}

extension KeeperProcess {
  /// Starts a tree that forks without end, in two sessions, and writes a line at each turn; it has begun to.
  func startBusy(_ entity: ThreadID, guarded: Bool = true) throws -> StartedProgram {
    var description = program(["sh", "-c", TreeTests.busy])
    description.isGuarded = guarded
    let tree = try start(entity, description)
    _ = try tree.output.read(until: { $0.utf8.count > 100 })
    return tree
  }

  /// The processes of a tree that has a warden.
  private func processes(of tree: StartedProgram) -> [ProcessState] {
    let all = programs
    let parents = Dictionary(uniqueKeysWithValues: all.map { ($0.pid, $0.parent) })
    guard let warden = tree.warden else { return [] }
    return all.filter { process in
      var ancestor = process.parent
      while let next = parents[ancestor] { ancestor = next }
      return ancestor == warden
    }
  }

  /// Whether every process of the tree comes to stand still.
  ///
  /// - Parameter isAlone: the program is all that the tree has, and nothing else is looked at.
  func standsStill(_ entity: ThreadID, _ tree: StartedProgram, isAlone: Bool = false) -> Bool {
    if rung == .cgroup {
      let events = "\(containment.place)/\(entity.rawValue)/cgroup.events"
      return eventually { contents(of: events)?.contains("frozen 1\n") ?? false }
    }
    if isAlone { return eventually { ProcessState(pid: tree.pid)?.state == "T" } }
    return eventually {
      let seen = processes(of: tree)
      // A parent in vfork(2) waits in D for its stopped child.
      let isStill = seen.contains { $0.state == "T" } && seen.allSatisfy { "TZD".contains($0.state) }
      return isStill && seen == processes(of: tree)
    }
  }

  /// Expects that a busy tree makes turns after all that was ordered before.
  func expectRunning(_ entity: ThreadID, _ tree: StartedProgram) throws {
    try send(.resume(entity, generation: .max))
    while try report(entity) != .resumed(entity, generation: .max) {}
    while let some = try tree.output.readSome(), !some.isEmpty {}
    _ = try tree.output.read(until: { $0.utf8.count > 100 })
  }
}

extension StartedProgram {
  /// Expects that nothing is written any more, but for what is in the pipe.
  func expectSilence() {
    while let some = try? output.readSome(), !some.isEmpty {}
    #expect(!output.isReadable(within: 20))
  }
}
