internal import ArgumentParser
internal import HeddleLoop

struct LinkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "link",
    abstract: "Be the far end of a link between two nodes: copy bytes between this command and its daemon.",
    discussion: """
      heddle daemon --cluster shed --node a --peer b=exec:'ssh b heddle link' --registrar a --secret ~/shed.key

      The node that dials runs this on the machine of the other, by a command such as ssh, and speaks with the daemon there \
      over its standard input and output. It ends when either side does.
      """
  )

  @OptionGroup var place: SocketOption

  /// Not asynchronous: nothing else is to be done meanwhile.
  func run() throws {
    try place.location.checkDirectory()
    do {
      let loop = try EventLoop()
      defer { loop.stop() }
      let copy = LinkCopy(on: loop, socketPath: place.path)
      loop.perform { copy.assumeIsolated { $0.begin() } }
      loop.run()
      if let reason = copy.failure { throw Failure(.unreachable, reason) }
    } catch let error as LoopError {
      throw Failure(.failed, error.description)
    }
  }
}
