import heddle_replay

extension NaiveModel {
  /// Performs the operation itself, without letting the agents run.
  func outcome(of operation: Operation) throws(NameError) -> Outcome {
    switch operation {
    case .newRoot(let name): try makeCustodian(name, below: driver)
    case .makeCustodian(let name, let parent): try makeCustodian(name, below: custodian(parent))
    case .thread(let name, let custodian, let suspendToKill):
      try makeThread(name, under: self.custodian(custodian), suspendToKill: suspendToKill)
    case .suspend(let name, let caller): try underAuthority(of: caller, over: name) { suspend($0) }
    case .kill(let name, let caller):
      try underAuthority(of: caller, over: name) { kill($0) }
    case .resume(let name, let benefactor): try resume(thread(name), benefactor)
    case .shutdown(let name): shutDown(try custodian(name))
    case .send(let name, let message, let onFailure): send(message, to: try thread(name), onFailure)
    case .breakThread(let name, let kind): sendBreak(kind, to: try thread(name))
    case .command(let name, let command): try queue(command, for: thread(name))
    case .event(let name, let kind, let thread): try keep(name, kind, of: self.thread(thread))
    case .poll(let pollable): try poll(pollable)
    case .semaphore(let name, let count): try makeSemaphore(name, count)
    case .post(let name): try post(name)
    case .channel(let name): try makeChannel(name)
    case .tick(let milliseconds): tick(milliseconds)
    case .managers(let name): .managers(managers(of: try thread(name)))
    case .members(let name): members(of: try custodian(name))
    }
  }

  /// SR-05: every manager of the target has to be the caller's current custodian or below it.
  private func underAuthority(
    of caller: CustodianName?,
    over name: ThreadName,
    _ act: (NaiveThread) -> Void
  ) throws(NameError) -> Outcome {
    let thread = try thread(name)
    let current = if let caller { try custodian(caller) } else { driver }
    guard isAllowed(current, over: thread) else { return .failure(.contract) }
    act(thread)
    return .void
  }

  private func send(_ message: Int, to thread: NaiveThread, _ onFailure: SendFailure) -> Outcome {
    guard thread.state == .dead else {
      thread.mailbox.append(message)
      return .void
    }
    switch onFailure {
    case .raises: return .failure(.contract)
    case .givesFalse: return .sendGaveFalse
    case .callsThunk: return .sendCalledThunk
    }
  }

  private func makeSemaphore(_ name: SemaphoreName, _ count: Int) throws(NameError) -> Outcome {
    guard semaphores[name] == nil else { throw .taken(name.text) }
    semaphores[name] = count
    return .void
  }

  private func post(_ name: SemaphoreName) throws(NameError) -> Outcome {
    guard let count = semaphores[name] else { throw .unknown(name.text) }
    semaphores[name] = count + 1
    return .void
  }

  private func makeChannel(_ name: ChannelName) throws(NameError) -> Outcome {
    guard channels.insert(name).inserted else { throw .taken(name.text) }
    return .void
  }

  private func tick(_ milliseconds: Int) -> Outcome {
    now += milliseconds
    return .void
  }
}
