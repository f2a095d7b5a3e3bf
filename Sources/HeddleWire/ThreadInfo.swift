package import HeddleModel

/// What is known of a thread at one moment.
package struct ThreadInfo: Hashable, Codable, Sendable {
  /// Where in its life a thread is.
  package enum State: UInt8, Hashable, Codable, Sendable, CaseIterable {
    /// Made, and its program is being started.
    case starting = 1
    case running = 2
    case suspended = 3
    /// Not running and not yet dead: its processes are being ended.
    case ending = 4
    /// Can never act again.
    case dead = 5
  }

  /// A thread's latest change of state, in words for people.
  package struct Change: Hashable, Codable, Sendable {
    /// What happened: "suspended".
    package let what: String
    /// Who asked for it: "/main/job"; empty when nobody did.
    package let by: String

    package init(what: String, by: String = "") {
      self.what = what
      self.by = by
    }
  }

  /// Mail that waits.
  package struct Mail: Hashable, Codable, Sendable {
    package let messages: Int
    package let bytes: Int
    package let bounds: MailboxBounds

    package init(messages: Int, bytes: Int, bounds: MailboxBounds) {
      self.messages = messages
      self.bytes = bytes
      self.bounds = bounds
    }
  }

  package var id: ThreadID
  package var name: EntityName?
  /// The program and its arguments.
  package var argv: [[UInt8]]
  /// The custodians that manage the thread, in the order in which it gained them; none once it is dead.
  package var custodians: [CustodianPath]
  package var state: State
  /// Time since the thread was made.
  package var age: Duration
  /// Time since its state last changed.
  package var sinceChange: Duration
  package var lastChange: Change
  /// The program's process, from its start until it was reaped.
  package var pid: Int32?
  package var channel: ChannelMode
  package var mail: Mail
  /// Of a dead thread, and only of one.
  package var death: DeathRecord?
  /// The group that it belongs to.
  package var group: ThreadGroupPath
  /// Where the lines of its standard output go, beside the log; nil when they go nowhere else, or not any more.
  package var relay: Relay?
  /// The node that it is on; nil for one of the supervisor that answers.
  package var node: EntityName?
  /// What becomes of it when its node can't renew its lease, if other nodes know of it.
  package var onPartition = PartitionPolicy.suspend
  /// Of a server.
  package var server: ServerInfo?
  /// Of a server's connection: who is at the other end.
  package var peer: String?

  package init(
    id: ThreadID,
    name: EntityName?,
    argv: [[UInt8]],
    custodians: [CustodianPath],
    state: State,
    age: Duration,
    sinceChange: Duration,
    lastChange: Change,
    pid: Int32?,
    channel: ChannelMode,
    mail: Mail,
    death: DeathRecord?,
    group: ThreadGroupPath = .root,
    relay: Relay? = nil
  ) {
    self.id = id
    self.name = name
    self.argv = argv
    self.custodians = custodians
    self.state = state
    self.age = age
    self.sinceChange = sinceChange
    self.lastChange = lastChange
    self.pid = pid
    self.channel = channel
    self.mail = mail
    self.death = death
    self.group = group
    self.relay = relay
  }
}

/// A thread in few words.
package struct ThreadSummary: Hashable, Codable, Sendable {
  package let id: ThreadID
  package let name: EntityName?
  package let state: ThreadInfo.State

  package init(id: ThreadID, name: EntityName?, state: ThreadInfo.State) {
    self.id = id
    self.name = name
    self.state = state
  }
}
