extension Tally {
  /// Everything that the generator has to bring about, and that made-up worlds therefore compare.
  static let words =
    operations.map { "op \($0)" } + commands.map { "command \($0)" } + branches.map { "branch \($0)" }
    + results.map { "result \($0)" } + reports.map { "report \($0)" }

  private static let operations = [
    "new-root", "make-custodian", "thread", "suspend", "kill", "resume", "shutdown", "send", "break", "cmd", "evt",
    "poll",
    "semaphore", "post", "channel", "tick", "managers", "members",
  ]

  private static let commands = [
    "try-receive", "receive", "rewind", "breaks", "wait", "self-suspend", "self-kill", "raise", "exit", "sync",
    "sync/enable-break", "nest", "break-state",
  ]

  private static let branches = [
    "mail", "receive", "always", "never", "semaphore", "peek", "put", "get", "event", "box", "alarm", "nack",
  ]

  private static let results = [
    "make-custodian exn:fail:contract", "thread exn:fail:contract", "suspend exn:fail:contract",
    "kill exn:fail:contract", "send exn:fail:contract", "send false", "send failed", "evt fresh", "evt same",
    "poll not-ready", "poll ready", "poll itself", "managers 0", "managers 1", "managers several", "members 0 0",
    "members 0 1", "members 1 0", "members 1 1",
  ]

  private static let reports = [
    "try-receive", "try-receive false", "receive", "rewind", "waited", "self-suspend", "self-kill", "break break",
    "break hang-up", "break terminate", "error exn:fail:contract", "sync 0", "sync 0 value", "sync 1", "sync 1 value",
    "sync 2", "sync 3", "nested returned", "nested raised", "nested failed", "break-state true", "break-state false",
  ]
}
