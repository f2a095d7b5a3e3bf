internal import ArgumentParser
internal import HeddleClient
internal import HeddleLoop
internal import HeddleWire

struct DaemonStop: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stop",
    abstract: "End the daemon with all of its threads, and return when it is gone.",
    discussion: """
      heddle daemon stop
      heddle daemon stop --grace 30s
      heddle daemon stop --grace 0s

      Every thread gets a break of kind terminate (SIGTERM for a plain program), suspended ones after a resume. What is \
      left after the grace is killed, also what was made with --suspend-to-kill. Without a daemon it exits with 6.
      """
  )

  @Option(help: ArgumentHelp("How long the threads have.", valueName: "duration"), transform: DurationArgument.parse)
  var grace = DurationArgument(.seconds(10))

  @OptionGroup var common: CommonOptions

  func run() async throws {
    do { try await stop() } catch let failure as Failure where failure.isNoDaemon {
      throw Failure(failure.status, "cannot stop the daemon at \(common.place.path): there is none running")
    }
  }

  private func stop() async throws {
    try await common.withSupervisor { supervisor in
      let status = try await supervisor.daemonStatus()
      // Held before it ends: afterwards the number may be another's.
      let process = ForeignProcess(status.pid)
      let begin = EventLoop.now
      try await supervisor.stopDaemon(grace: grace.duration)
      tellWhatIsWaitedFor(status)
      await supervisor.ended()
      await process?.end(beside: supervisor.loop)
      let took = EventLoop.now - begin
      common.output.write(
        json: WireJSON.daemonGone(pid: status.pid, took: took),
        "daemon \(status.pid)  gone  (\(took.took))\n"
      )
    }
  }

  private func tellWhatIsWaitedFor(_ status: DaemonStatus) {
    let living = status.counts.livingThreads
    guard living > 0, grace.duration > .zero, !common.quiet, !common.json else { return }
    Output.complain(
      "waiting for \(living) \(living == 1 ? "thread" : "threads"), and killing what is left in \(grace.duration.spelled)"
    )
  }
}
