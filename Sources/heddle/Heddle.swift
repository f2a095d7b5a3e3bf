internal import ArgumentParser

/// The command line: verbs first.
struct Heddle: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "heddle",
    abstract: "Create, suspend, resume, kill and message programs as if they were threads.",
    discussion: """
      heddle run -d --name ticker -- sh -c 'while :; do echo tick; sleep 1; done'
      heddle suspend ticker && heddle ps
      heddle custodian shutdown /main --follow

      A thread is \(Selector.forms).
      """,
    version: Version.text,
    subcommands: [
      DaemonCommand.self, RunCommand.self, ServeCommand.self, PsCommand.self, SendCommand.self, RecvCommand.self,
      LogsCommand.self,
      SuspendCommand.self,
      ResumeCommand.self, BreakCommand.self, StopCommand.self, KillCommand.self, WaitCommand.self, SyncCommand.self,
      CustodianCommand.self, EventsCommand.self, ShowCommand.self, DoctorCommand.self, CompletionCommand.self,
      CompleteNames.self, ManCommand.self, VersionCommand.self,
    ]
  )
}
