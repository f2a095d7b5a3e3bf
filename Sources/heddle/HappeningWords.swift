internal import Glibc
internal import HeddleModel
internal import HeddleWire

/// What happened, in words for people.
enum HappeningWords {
  /// How `--type` names a kind: "mail-ended".
  static func name(of kind: Happening.Kind) -> String {
    switch kind {
    case .spawned: "spawned"
    case .started: "started"
    case .failed: "failed"
    case .suspended: "suspended"
    case .resumed: "resumed"
    case .broken: "broken"
    case .ending: "ending"
    case .dead: "dead"
    case .mailEnded: "mail-ended"
    case .logDegraded: "log-degraded"
    case .logRestored: "log-restored"
    case .custodianMade: "custodian-made"
    case .graceBegun: "grace-begun"
    case .shutdownBegun: "shutdown-begun"
    case .shutdownComplete: "shutdown-complete"
    case .daemonStarted: "daemon-started"
    case .daemonEnding: "daemon-ending"
    case .nodeJoined: "node-joined"
    case .nodeUnreachable: "node-unreachable"
    case .nodeReachable: "node-reachable"
    case .nodeLost: "node-lost"
    case .nodeFenced: "node-fenced"
    case .nodeRenewed: "node-renewed"
    }
  }

  static func kind(named name: String) -> Happening.Kind? {
    Happening.Kind.allCases.first { Self.name(of: $0) == name }
  }

  /// "18:30:15.123  suspended  ticker  by pid 4170"
  static func line(about happening: Happening, _ palette: Palette) -> String {
    let kind = name(of: happening.kind)
    let padding = String(repeating: " ", count: max(0, 17 - kind.count))
    let words = [subject(of: happening), remark(on: happening)].filter { !$0.isEmpty }
    let by = happening.by.isEmpty ? "" : "by \(happening.by)"
    let rest = (words + [palette.paint(by, .faint)]).filter { !$0.isEmpty }.joined(separator: "  ")
    return
      "\(palette.paint(happening.time.onTheClock, .faint))  \(palette.paint(kind, tone(of: happening)))\(padding)  \(rest)"
  }

  /// Whom it happened to: "ticker", "id:7f3a", "/main/job".
  private static func subject(of happening: Happening) -> String {
    if let thread = happening.thread { return thread.name?.text ?? "\(ThreadReference.id(thread.id))" }
    if case .node(let node, _) = happening.what { return node.text }
    return happening.custodian?.description ?? ""
  }

  /// What else there is to say.
  private static func remark(on happening: Happening) -> String {
    switch happening.what {
    case .spawned(let path?): "in \(path)"
    case .started(let pid): "pid \(pid)"
    case .failed(let death), .dead(let death): remark(on: death)
    case .broken(let kind): BreakCommand.Kind(kind).rawValue
    case .ending(let path?): "with \(path)"
    case .logDegraded(let text), .logRestored(let text), .daemonStarted(let text): text
    case .shutdownComplete(_, let report?): ShutdownWords.totals(of: report)
    case .spawned(nil), .ending(nil), .shutdownComplete(_, nil): ""
    case .suspended, .resumed, .mailEnded, .custodianMade, .graceBegun, .shutdownBegun, .daemonEnding, .node: ""
    }
  }

  private static func remark(on death: DeathRecord) -> String {
    let unread = death.unreadMail == 0 ? "" : ", \(death.unreadMail) unread"
    return StateWords.cause(death.cause) + unread
  }

  private static func tone(of happening: Happening) -> Palette.Tone? {
    switch happening.what {
    case .started, .resumed, .daemonStarted, .logRestored: .good
    case .node(_, .joined), .node(_, .reachable), .node(_, .renewed): .good
    case .node(_, .lost): .bad
    case .node(_, .unreachable), .node(_, .fenced): .waiting
    case .suspended, .broken, .ending, .graceBegun, .shutdownBegun: .waiting
    case .failed, .logDegraded: .bad
    case .dead(let death): death.cause.isFailure ? .bad : nil
    case .spawned, .mailEnded, .custodianMade, .shutdownComplete, .daemonEnding: nil
    }
  }
}

extension BreakCommand.Kind {
  init(_ kind: BreakKind) {
    switch kind {
    case .interrupt: self = .interrupt
    case .hangUp: self = .hangUp
    case .terminate: self = .terminate
    }
  }
}

extension Moment {
  /// By the local clock: "18:30:15.123", with the date in front if that is not today's.
  var onTheClock: String {
    var seconds = time_t(nanoseconds / 1_000_000_000)
    let isToday = Self.text("%F", &seconds) == Self.today
    let fraction = "\(nanoseconds / 1_000_000 % 1_000 + 1_000)".dropFirst()
    return "\(Self.text(isToday ? "%T" : "%F %T", &seconds)).\(fraction)"
  }

  private static var today: String {
    var now = Glibc.time(nil)
    return text("%F", &now)
  }

  /// strftime(3).
  private static func text(_ format: String, _ seconds: inout time_t) -> String {
    var parts = unsafe tm()
    unsafe localtime_r(&seconds, &parts)
    var buffer = [CChar](repeating: 0, count: 64)
    let count = unsafe strftime(&buffer, buffer.count, format, &parts)
    return String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
