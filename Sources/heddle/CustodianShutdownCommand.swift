internal import ArgumentParser
internal import HeddleClient
internal import HeddleModel
internal import HeddleWire

struct CustodianShutdownCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "shutdown",
    abstract: "End all that is in a custodian and below it.",
    discussion: """
      heddle custodian shutdown job
      heddle custodian shutdown job --grace 10s --follow
      heddle custodian shutdown job --dry-run

      With --grace threads are asked to end first: by a break of kind terminate (SIGTERM for a plain program), suspended \
      ones after a resume, and by SIGTERM after half of the time. When all have ended, or the time is up, it is shut down. \
      Until then it is open: what starts in it meanwhile ends with it. An interrupted command leaves it under way.

      Threads that were made with --suspend-to-kill are left suspended, and heddle kill --really ends them. The custodian / \
      has everything in it, the daemon, too: it ends with it, and so do those threads. heddle daemon stop does the same.
      """
  )

  @Option(
    help: ArgumentHelp("How long the threads have to end by themselves.", valueName: "duration"),
    transform: DurationArgument.parse
  )
  var grace: DurationArgument?

  @Flag(help: "Print what happens as it happens.")
  var follow = false

  @Flag(help: "Print what would end, and do nothing.")
  var dryRun = false

  @OptionGroup var common: CommonOptions

  @Argument(help: "Its path.", completion: Targets.custodianNames, transform: Targets.custodian)
  var custodian: CustodianReference

  func validate() throws {
    if dryRun, follow || grace != nil {
      throw ValidationError("--dry-run does nothing that could be followed or take time; leave out the others.")
    }
  }

  func run() async throws {
    try await common.withSupervisor { supervisor in
      if dryRun {
        let plan = try await supervisor.hinting(custodian) {
          try await $0.shutdownPlan(of: custodian.path, on: custodian.node)
        }
        return common.output.write(
          json: WireJSON.text(plan),
          ShutdownWords(custodian).lines(about: plan).map { $0 + "\n" }.joined()
        )
      }
      let progress = ShutdownProgress(of: custodian, isFollowed: follow, common.output)
      let report = try await progress.during {
        try await supervisor.hinting(custodian) {
          try await $0.custodianShutdown(
            custodian.path,
            on: custodian.node,
            grace: grace?.duration ?? .zero
          ) { progress.tell($0) }
        }
      }
      common.output.write(json: WireJSON.text(report), ShutdownWords(custodian).line(about: report) + "\n")
    }
  }
}
