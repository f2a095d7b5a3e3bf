internal import ArgumentParser

struct DaemonCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "daemon",
    abstract: "Run the supervisor, look at it, end it.",
    discussion: """
      heddle daemon
      heddle daemon --detach --socket /tmp/me/a.sock
      heddle daemon status
      heddle daemon stop --grace 2s

      Without a verb it is heddle daemon start: the supervisor, in the foreground, until it is told to end. For its options \
      see heddle daemon start --help. heddle run starts a daemon in the background when there is none; that one leaves when \
      nobody has used it for 10 minutes.
      """,
    subcommands: [DaemonStart.self, DaemonStatusCommand.self, DaemonStop.self],
    defaultSubcommand: DaemonStart.self
  )
}
