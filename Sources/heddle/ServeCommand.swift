internal import ArgumentParser
internal import HeddleClient
internal import HeddleModel
internal import HeddleWire

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Make a server: a program for each connection.",
    discussion: """
      heddle serve 127.0.0.1:7777 --conn-timeout 5s -- sh
      heddle serve -d :7000 --max 64 -- cat
      heddle serve -d /run/user/1000/date.sock --name clock -- date

      The connection is the program's standard input and output; who is at its other end is in its environment, as programs \
      written for tcpserver or unixserver expect it (PROTO, TCPREMOTEIP, ...). Each is a thread in a custodian of its own: \
      the third connection of serve-7000 is serve-7000.3 in /main/serve-7000/3. What it writes to standard error goes to \
      the server's log.

      suspend NAME stops accepting, and suspend @NAME stops the connections as well. break NAME closes the listener: the \
      connections go on, and the server ends with the last of them. kill NAME ends everything, as does the custodian's \
      shutdown. show NAME counts; ps --tree tells who is connected.

      Without -d the server is in the foreground, as the program of heddle run: Ctrl-C is a break for it (twice within two \
      seconds kills it), what goes to its log is printed on standard error, and it ends with heddle. An address is \
      \(ServerAddressArgument.forms); of a Unix socket the file is its owner's alone, and goes with the server.

      \(EnvironmentFile.form)
      """
  )

  @Flag(name: .shortAndLong, help: "Leave the server to the daemon.")
  var detach = false

  @Option(help: "The server's name, rather than serve- and the port.", transform: Targets.name)
  var name: EntityName?

  @Option(
    name: .customLong("in"),
    help: ArgumentHelp("The custodian below which its own is made.", valueName: "custodian"),
    completion: Targets.custodianNames,
    transform: Targets.homeCustodian
  )
  var custodian: CustodianPath?

  @Option(
    help: ArgumentHelp(
      "A connection gets a break after so long, and is ended after twice that.",
      valueName: "duration"
    ),
    transform: DurationArgument.parse
  )
  var connTimeout: DurationArgument?

  @Option(help: ArgumentHelp("The most connections at one time; others wait to be accepted.", valueName: "number"))
  var max = Serve.usualConnectionsMax

  @Option(help: ArgumentHelp("The most that wait.", valueName: "number"))
  var backlog = Serve.usualBacklog

  @Option(
    help: ArgumentHelp("The connection is this descriptor, rather than standard input and output.", valueName: "number")
  )
  var fd: Int?

  @OptionGroup var program: ProgramOptions

  @OptionGroup var place: SocketOption

  @OptionGroup var output: OutputOptions

  @Argument(help: "Where to listen.", completion: .file(), transform: ServerAddressArgument.parse)
  var address: ServerAddress

  @Argument(parsing: .postTerminator, help: "The program and its arguments, after --.")
  var command: [String]

  func validate() throws {
    if command.isEmpty { throw ValidationError("Name the program after --, as in: heddle serve 127.0.0.1:7777 -- cat") }
    if command.first == "" { throw ValidationError("The program after -- has no name.") }
    let most = Int(Int32.max)
    if !(1...most).contains(max) { throw ValidationError("--max takes a number from 1 on, and not \(max).") }
    if !(1...most).contains(backlog) {
      throw ValidationError("--backlog takes a number from 1 on, and not \(backlog).")
    }
    if let fd, !Serve.descriptors.contains(fd) {
      throw ValidationError(
        "--fd takes a number from 3 to 255; without it the connection is standard input and output."
      )
    }
  }

  func run() async throws {
    let autostart = Autostart(socket: place.location, isQuiet: output.quiet)
    guard !detach else {
      return try await place.withSupervisor(autostart) { supervisor in
        tell(about: try await supervisor.serve(makeServe(in: .main)))
      }
    }
    try await place.withSupervisor(autostart) { supervisor in
      var serve = try makeServe(in: nil)
      serve.program.held = true
      let server = try await ForegroundRun(serve, over: supervisor)
      tell(about: server.thread)
      throw try await server.end().exitCode()
    }
  }

  private func tell(about server: ThreadInfo) { output.write(json: WireJSON.text(server), Self.line(about: server)) }

  /// - Parameter place: where it goes unless it is said, and outside of threads.
  private func makeServe(in place: CustodianPath?) throws -> Serve {
    let own = try SocketOption.ownCustodian()
    let spawn = try program.makeSpawn(name, in: custodian ?? own ?? place, arguments: command.count)
    // Else each connection would find out.
    try ProgramLookUp.check(spawn)
    var serve = Serve(spawn, at: address)
    serve.connectionTimeout = connTimeout?.duration
    (serve.connectionsMax, serve.backlog, serve.descriptor) = (max, backlog, fd)
    return serve
  }

  /// "serve-7000  id 7f3a  listening on 127.0.0.1:7000  (custodian /main/serve-7000)"
  static func line(about server: ThreadInfo) -> String {
    let custodians = server.custodians.map(\.description).joined(separator: ", ")
    let address = server.server.map { "\($0.address)" } ?? ""
    return "\(server.label)  id \(server.id)  listening on \(address)  (custodian \(custodians))\n"
  }
}
