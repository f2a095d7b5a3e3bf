internal import HeddleClient
internal import HeddleLoop
internal import HeddleThreads

/// Where the agents of a supervisor's threads come in with their second connections.
actor AgentDoor {
  /// Agents find it here.
  nonisolated let path: String
  private nonisolated let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

  private var listener: Listener?
  /// By the references of their threads.
  private var conversations: [String: AgentConversation] = [:]

  init(at path: String, on loop: EventLoop) {
    self.path = path
    self.loop = loop
  }

  func open() throws(LoopError) {
    listener = try Listener(path: path, on: loop) { connection in
      // One that could not be accepted is missed as soon as its agent is asked anything.
      if case .success(let stream) = connection { self.welcome(stream) }
    }
  }

  func close() {
    listener?.close()
    for conversation in conversations.values { conversation.close() }
  }

  private func welcome(_ stream: ByteStream) {
    do throws(LoopError) {
      _ = try AgentGuest(stream) { self.conversation(with: $0) }
    } catch {
      stream.close()
    }
  }

  private func conversation(with thread: String) -> AgentConversation {
    if let conversation = conversations[thread] { return conversation }
    let conversation = AgentConversation()
    conversations[thread] = conversation
    return conversation
  }

  // MARK: - Agents

  /// Puts a command at the end of the agent's queue. A dead one ignores it.
  func command(_ command: AgentCommand, meanings: [String: String], to agent: RemoteThread) {
    conversation(with: agent.reference).say(.perform(command, meanings: meanings))
  }

  /// Asks an agent when it is parked.
  func probe(_ agent: RemoteThread) -> Promise<AgentFigures> { conversation(with: agent.reference).ask() }

  /// What each of the agents has reported since the last call.
  func takeReports(of agents: [RemoteThread]) -> [[Report]] {
    agents.map { conversation(with: $0.reference).takeReports() }
  }

  /// The agents that have begun to run nested in these since the last call; their threads by reference.
  func takeNested(in agents: [RemoteThread]) -> [(name: ThreadName, thread: String)] {
    agents.flatMap { conversation(with: $0.reference).takeNested() }
  }

  /// Forgets agents whose trace is over.
  func forget(_ agents: [RemoteThread]) {
    for agent in agents { conversations.removeValue(forKey: agent.reference)?.close() }
  }
}
