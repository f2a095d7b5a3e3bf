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

      With --json a verb prints one document, or an object a line of what goes on, with "v":1 in each. Keys do not depend on \
      values: zeros and empty lists are there, and only what does not apply is left out. Times are in nanoseconds (_ns). Text \
      that is not UTF-8 has U+FFFD in it, and its bytes in base64 under the same key with _bytes behind it. Results go to \
      standard output, and everything else to standard error.

      Exits with 0 when it is done, 1 when it failed, 2 for bad usage, 4 without such a thread or custodian, 5 when it is not \
      permitted, 6 without a daemon, 7 when it is refused, and 124 when the time is up; run and wait exit as the program did, \
      and with 125 when heddle itself failed.
      """,
    version: Version.text,
    subcommands: [
      DaemonCommand.self, RunCommand.self, ServeCommand.self, PsCommand.self, SendCommand.self, RecvCommand.self,
      LogsCommand.self,
      SuspendCommand.self,
      ResumeCommand.self, BreakCommand.self, StopCommand.self, KillCommand.self, WaitCommand.self, SyncCommand.self,
      CustodianCommand.self, ClusterCommand.self, LinkCommand.self, EventsCommand.self, ShowCommand.self,
      DoctorCommand.self, CompletionCommand.self,
      CompleteNames.self, ManCommand.self, VersionCommand.self,
    ]
  )
}
