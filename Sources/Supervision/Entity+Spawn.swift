internal import HeddleModel
internal import HeddleWire

extension Entity {
  /// A thread as a spawn wants it, whose program is being started.
  init(of spawn: Spawn, in current: CustodianID, _ group: ThreadGroupPath, at now: Instant, by asker: String) {
    self.init(
      name: spawn.name,
      argv: Self.shortened(spawn.argv),
      start: Start(
        cwd: spawn.cwd,
        environmentCount: spawn.environment.count,
        umask: spawn.umask,
        limits: spawn.limits,
        allowsSetuid: spawn.allowSetuid
      ),
      channel: spawn.channel,
      currentCustodian: current,
      group: group,
      linger: spawn.linger,
      breaksDisabled: spawn.breaksDisabled,
      takesStream: spawn.channel == .none && spawn.stdinPipe,
      createdAt: now,
      isTransient: spawn.forget,
      isHeld: spawn.held,
      timeout: spawn.timeout,
      input: .closed,
      mailbox: Mailbox(bounds: Limits.mailbox(spawn.mailboxBounds)),
      changedAt: now,
      lastChange: ThreadInfo.Change(what: "started", by: asker)
    )
  }
}
