internal import HeddleModel

// How long the dead are remembered.

extension Node {
  /// How many dead threads are remembered.
  var deadCount: Int { dead.count + overdue.count + transients.count }

  /// The thread is dead: it is remembered, or forgotten as soon as those are answered who waited for that.
  mutating func bury(_ thread: ThreadID) {
    if entities[thread]?.timeout != nil { timeouts.noteDeath { [kernel] in kernel.threads[$0]?.life.isAlive == true } }
    if entities[thread]?.isTransient == true { transients.append(thread) } else { dead.append(thread) }
    forgetOldDead()
  }

  /// Those who waited for the latest deaths are answered: forgets the dead that are not to be remembered; later, if a watch, a
  /// stream or a connection refers to them.
  mutating func forgetTransients() {
    for thread in transients {
      if references[thread] == nil { forget(thread) } else { overdue.insert(thread) }
    }
    transients = []
  }

  /// Forgets the dead for which there are too many newer ones, or that died too long ago; later, if a watch or a stream
  /// refers to them.
  mutating func forgetOldDead() {
    while let first = dead.first, let changedAt = entities.look(first, { $0.changedAt }),
      dead.count > Limits.deadMax || changedAt + Limits.deadFor <= now
    {
      dead.removeFirst()
      if references[first] == nil { forget(first) } else { overdue.insert(first) }
    }
  }

  /// A watch, a stream or a connection that holds it refers to the thread from now on.
  mutating func refer(to thread: ThreadID) { references[thread, default: 0] += 1 }

  /// One of those that referred to the thread does no more.
  mutating func letGo(of thread: ThreadID) {
    guard let count = references[thread] else { return }
    references[thread] = count > 1 ? count - 1 : nil
    if count == 1, overdue.remove(thread) != nil { forget(thread) }
  }

  /// Drops all that is known of a dead thread.
  mutating func forget(_ thread: ThreadID) {
    if let name = entities[thread]?.name, names[name] == thread { names[name] = nil }
    entities.remove(thread)
    visits[thread] = nil
    endedServers[thread] = nil
    kernel.forget(thread)
  }
}
