internal import ArgumentParser
internal import HeddleClient
internal import HeddleModel
internal import HeddleWire

/// What a program is started with, for the verbs that start some.
struct ProgramOptions: ParsableArguments {
  @Flag(help: "When the program has exited, leave the rest of its processes to end by themselves.")
  var linger = false

  @Option(
    help: ArgumentHelp(
      "Bounds on the program: nofile, nproc, as (bytes), cpu (seconds) or core (bytes); a number, for bytes perhaps with KiB, "
        + "MiB or GiB, or unlimited.",
      valueName: "what=most,..."
    ),
    transform: LimitsArgument.parse
  )
  var limit: [LimitsArgument] = []

  @Option(
    help: ArgumentHelp("Set an environment variable.", valueName: "key=value"),
    transform: VariableArgument.parse
  )
  var env: [VariableArgument] = []

  @Option(
    help: ArgumentHelp("Set the environment variables that a file lists; --env overrides them.", valueName: "file"),
    completion: .file()
  )
  var envFile: [String] = []

  @Flag(help: "Begin with an empty environment, rather than the caller's.")
  var cleanEnv = false

  @Option(
    help: ArgumentHelp("Run in this directory, rather than the caller's.", valueName: "directory"),
    completion: .directory
  )
  var cwd: String?

  @Flag(help: "Let setuid programs have their privileges.")
  var allowSetuid = false

  /// The program that stands in the last arguments of this process, as the caller would start it.
  ///
  /// - Parameter count: how many arguments are the program's.
  func makeSpawn(_ name: EntityName?, in place: CustodianPath?, arguments count: Int) throws -> Spawn {
    let caller = try CallerState()
    return Spawn(
      name: name,
      in: place,
      argv: try CallerState.lastArguments(count),
      environment: try environment(of: caller),
      cwd: try WorkingDirectory.path(cwd, from: caller.directory),
      umask: caller.umask,
      linger: linger,
      limits: limit.reduce(into: ResourceLimits()) { $1.apply(to: &$0) },
      allowSetuid: allowSetuid
    )
  }

  /// The caller's, or none; then what the files say, in their order; then what the arguments say.
  private func environment(of caller: CallerState) throws -> [[UInt8]] {
    var variables = Variables(cleanEnv ? [] : caller.environment)
    for file in envFile { try EnvironmentFile.read(file, into: &variables, inheriting: caller.environment) }
    for variable in env { variables.set(variable.key, to: variable.value) }
    return variables.all
  }
}
