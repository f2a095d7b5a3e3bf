import heddle_replay

/// What a blocked thread waits for.
struct NaiveWait {
  /// What is reported when the wait ends well.
  enum Purpose {
    case receive
    case death(NaiveThread)
    case sync
  }

  let purpose: Purpose
  let branches: [Branch]
  /// Whether a break is let in even when breaks are disabled.
  let enablesBreaks: Bool
  /// The place in every queue that it stands in: lower is earlier.
  var ticket: Int

  /// The report of having taken the branch at `index`, which gave `value`.
  func report(_ index: Int, _ value: Int?) -> Report {
    switch purpose {
    case .receive: .receive(value ?? 0)
    case .death(let thread): .waited(thread.name)
    case .sync: .sync(index: index, value: value)
    }
  }
}

/// The state of a negative acknowledgement that a sync has registered.
enum NaiveNack {
  case pending
  /// The sync ended otherwise.
  case ready
  /// The branch was chosen.
  case chosen
}

extension NaiveModel {
  /// Begins a wait: a break first, then the branches in order, else the end of the queue.
  func wait(_ purpose: NaiveWait.Purpose, _ branches: [Branch], enablingBreaks: Bool = false, by thread: NaiveThread) {
    for case let nack? in branches.map(\.nack) { nacks[nack] = .pending }
    let wait = NaiveWait(purpose: purpose, branches: branches, enablesBreaks: enablingBreaks, ticket: 0)
    thread.activity = .waiting(wait)
    lookAgain(at: thread)
  }

  /// Looks anew at a wait that begins, or that a suspension interrupted.
  func lookAgain(at thread: NaiveThread) {
    breakWait(of: thread)
    guard case .waiting(var wait) = thread.activity else { return }
    if let index = readyBranch(of: wait, of: thread) { return take(index, for: thread) }
    tickets += 1
    wait.ticket = tickets
    thread.activity = .waiting(wait)
  }

  /// Lets every wait that has become ready end, the longest waiting first.
  func serve() {
    while let (thread, index) = firstReady() { take(index, for: thread) }
  }

  private func firstReady() -> (NaiveThread, Int)? {
    for waiter in waiters() {
      if let index = readyBranch(of: waiter.wait, of: waiter.thread) { return (waiter.thread, index) }
    }
    return nil
  }

  /// The waits of threads that are not suspended, in the order in which they queued.
  private func waiters() -> [(thread: NaiveThread, wait: NaiveWait)] {
    var waiters: [(thread: NaiveThread, wait: NaiveWait)] = []
    for thread in threads where thread.state == .running {
      if case .waiting(let wait) = thread.activity { waiters.append((thread, wait)) }
    }
    return waiters.sorted { $0.wait.ticket < $1.wait.ticket }
  }

  private func readyBranch(of wait: NaiveWait, of thread: NaiveThread) -> Int? {
    if case .death(let target) = wait.purpose { return target.hasEnded ? 0 : nil }
    return wait.branches.firstIndex { isReady($0.source, for: thread) }
  }

  private func isReady(_ source: Branch.Source, for thread: NaiveThread) -> Bool {
    switch source {
    case .mail, .receive: !thread.mailbox.isEmpty
    case .always: true
    case .never: false
    case .semaphore(let semaphore), .peek(let semaphore): (semaphores[semaphore] ?? 0) > 0
    case .put(let channel, _): partner(of: thread, getting: channel) != nil
    case .get(let channel): partner(of: thread, putting: channel) != nil
    case .event(let name): (try? event(name)).map(hasFired) ?? false
    case .box(let name): (try? custodian(name))?.isDown ?? false
    case .alarm(let time): time <= now
    }
  }

  /// Ends the thread's wait by the branch at `index`, and takes what that branch takes.
  private func take(_ index: Int, for thread: NaiveThread) {
    guard case .waiting(let wait) = thread.activity else { return }
    let value = wait.branches.isEmpty ? nil : takeValue(wait.branches[index].source, for: thread)
    finish(wait, of: thread, index, value)
  }

  private func finish(_ wait: NaiveWait, of thread: NaiveThread, _ index: Int, _ value: Int?) {
    for (place, branch) in wait.branches.enumerated() {
      if let nack = branch.nack { nacks[nack] = place == index ? .chosen : .ready }
    }
    thread.activity = .answered(wait.report(index, value))
  }

  private func takeValue(_ source: Branch.Source, for thread: NaiveThread) -> Int? {
    switch source {
    case .receive: return thread.mailbox.removeFirst()
    case .semaphore(let semaphore):
      semaphores[semaphore, default: 0] -= 1
      return nil
    case .put(let channel, let value):
      if let other = partner(of: thread, getting: channel) { finish(other.wait, of: other.thread, other.index, value) }
      return nil
    case .get(let channel):
      guard let other = partner(of: thread, putting: channel) else { return nil }
      finish(other.wait, of: other.thread, other.index, nil)
      return other.value
    case .mail, .always, .never, .peek, .event, .box, .alarm: return nil
    }
  }

  /// Ends the thread's wait, if it is in one, with nothing taken.
  func withdrawWait(of thread: NaiveThread) {
    guard case .waiting(let wait) = thread.activity else { return }
    for case let nack? in wait.branches.map(\.nack) { nacks[nack] = .ready }
    thread.activity = .idle
  }
}

/// The other side of a rendezvous.
struct NaivePartner {
  let thread: NaiveThread
  let wait: NaiveWait
  /// Which branch of its wait it is.
  let index: Int
  /// What it puts; 0 for a get.
  let value: Int
}

extension NaiveModel {
  /// Whoever else has waited longest to get from `channel`.
  private func partner(of thread: NaiveThread, getting channel: ChannelName) -> NaivePartner? {
    partner(of: thread) { source in
      if case .get(channel) = source { 0 } else { nil }
    }
  }

  /// Whoever else has waited longest to put into `channel`.
  private func partner(of thread: NaiveThread, putting channel: ChannelName) -> NaivePartner? {
    partner(of: thread) { source in
      if case .put(channel, let value) = source { value } else { nil }
    }
  }

  private func partner(of thread: NaiveThread, offer: (Branch.Source) -> Int?) -> NaivePartner? {
    for waiter in waiters() where waiter.thread !== thread {
      for (index, branch) in waiter.wait.branches.enumerated() {
        guard let value = offer(branch.source) else { continue }
        return NaivePartner(thread: waiter.thread, wait: waiter.wait, index: index, value: value)
      }
    }
    return nil
  }
}
