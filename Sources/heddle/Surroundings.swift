internal import Glibc
internal import HeddleClient
internal import HeddleLoop
internal import HeddleWire

/// What `heddle doctor` finds out without starting anything: one check each.
enum Surroundings {
  typealias Check = DoctorReport.Check

  static func keeper() -> Check {
    do {
      let path = try KeeperPath.find()
      return Check("keeper", .good, path)
    } catch {
      return Check("keeper", .failed, "\(error)", advice: "install heddle and heddle-keeper together, from one build")
    }
  }

  /// How a daemon that chooses for itself holds trees of processes, and why not better.
  static func containment(_ status: DaemonStatus) -> Check {
    let reasons = status.containmentReasons.isEmpty ? "" : "; passed over: \(status.containmentReasons)"
    let finding = "\(status.containment)\(reasons)"
    guard status.containment == "subreaper" else { return Check("containment", .good, finding) }
    return Check(
      "containment",
      .warning,
      finding,
      advice: "run the daemon as a systemd service with Delegate=yes, or as root, for a better rung"
    )
  }

  /// What is left when daemon, keeper and wardens are all killed in one instant.
  static func suddenEnd(_ rung: String) -> Check {
    switch rung {
    case "pidns": Check("all killed at once", .good, "nothing survives: the kernel ends a PID namespace with its init")
    case "cgroup":
      Check(
        "all killed at once",
        .good,
        "what is left is ended by the next daemon on the same socket, before it listens"
      )
    default:
      Check(
        "all killed at once",
        .warning,
        "a process that left its program's session may survive",
        advice: "do not end heddle by pkill -9 heddle; any one of its processes may be killed"
      )
    }
  }

  static func pidfd() -> Check {
    do throws(LoopError) {
      try SystemFacts.requirePidfd()
      return Check("pidfd", .good, "works here")
    } catch {
      return Check(
        "pidfd",
        .failed,
        error.description,
        advice: "use Linux 5.11 or newer, where nothing forbids the call"
      )
    }
  }

  static func descriptors() -> Check {
    guard let limit = limit(of: RLIMIT_NOFILE) else { return unknown("open files") }
    // A daemon raises the soft limit to the hard one, and a thread takes two or three.
    let finding = "\(words(limit.hard)) at most, enough for about \(words(limit.hard / 3)) threads"
    guard limit.hard < 4_096 else { return Check("open files", .good, finding) }
    return Check(
      "open files",
      .warning,
      finding,
      advice: "raise the hard limit: ulimit -Hn, or LimitNOFILE= of systemd"
    )
  }

  static func processes() -> Check {
    guard let limit = limit(of: __RLIMIT_NPROC) else { return unknown("processes") }
    let finding = "\(words(limit.soft)) at most for this user"
    guard limit.soft < 1_024 else { return Check("processes", .good, finding) }
    return Check("processes", .warning, finding, advice: "raise it: ulimit -u, or LimitNPROC= of systemd")
  }

  /// The socket's place: whether it fits the system, and whether others can get in the way.
  static func socket(_ location: SocketPath) -> Check {
    let name = "socket"
    guard location.text.utf8.count <= 107 else {
      return Check(
        name,
        .failed,
        "\(location.text) has \(location.text.utf8.count) bytes, and a socket's path at most 107",
        advice: "name a shorter one with --socket or $HEDDLE_SOCKET"
      )
    }
    if let reason = location.distrust {
      return Check(name, .failed, "directory \(location.directory) can't be used: \(reason)", advice: "remove it")
    }
    return Check(name, .good, location.text)
  }

  static func libuv() -> Check {
    let isKnown = SystemFacts.isLibuvKnown
    let advice = isKnown ? "" : "heddle is tried with 1.44"
    return Check("libuv", isKnown ? .good : .warning, SystemFacts.libuvVersion, advice: advice)
  }

  /// Whether dates make sense. Waits do not depend on it: they go by a clock that nobody sets.
  static func clock() -> Check {
    let seconds = time(nil)
    let finding = Moment(nanoseconds: UInt64(clamping: seconds) * 1_000_000_000).rfc3339
    // When heddle was written.
    guard seconds < 1_735_689_600 else { return Check("clock", .good, finding) }
    return Check("clock", .warning, finding, advice: "set the clock: dates in events and sync at: go by it")
  }

  // MARK: -

  private static func limit(of resource: __rlimit_resource) -> (soft: UInt, hard: UInt)? {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0 else { return nil }
    return (UInt(limit.rlim_cur), UInt(limit.rlim_max))
  }

  /// Unlimited is the largest number there is; setrlimit(2).
  private static func words(_ limit: UInt) -> String { limit > UInt.max / 4 ? "no limit" : "\(limit)" }

  private static func unknown(_ name: String) -> Check {
    Check(name, .warning, "the limit can't be read: \(SystemError.text(errno))")
  }
}
