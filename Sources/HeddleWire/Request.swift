package import HeddleModel

/// What a client asks of a supervisor.
package struct Request: Hashable, Codable, Sendable {
  /// The current custodian for the authority of this request; nil is what the connection was granted.
  package let authority: CustodianPath?
  /// The node that is to carry it out; nil is the one that the command's thread is on, or for lack of one the supervisor
  /// that is asked.
  package let node: EntityName?
  package let command: Command

  package init(_ command: Command, as authority: CustodianPath? = nil, on node: EntityName? = nil) {
    self.command = command
    self.authority = authority
    self.node = node
  }
}

extension Request {
  /// What to do; each case says by which `Reply` it is answered.
  package enum Command: Hashable, Codable, Sendable {
    /// `spawned`; of a nested thread the notice `started`, and `nestedEnded` when it is done.
    case spawn(Spawn)
    /// `thread`.
    case find(ThreadReference)
    /// `threads`, those with ids above `after`.
    case list(includeDead: Bool, after: ThreadID? = nil)
    /// `done`, when nothing of the thread runs any more.
    case suspend(ThreadReference)
    /// `done`.
    case resume(ThreadReference, benefactor: Benefactor? = nil)
    /// `killed`, with `wait` when the thread is dead, or stands still if it suspends on kill. With `really` it dies too.
    case kill(ThreadReference, wait: Bool, really: Bool)
    /// `done`, when the break is pending or delivered.
    case sendBreak(ThreadReference, BreakKind)
    /// `done`; the mailbox refuses mail from then on.
    case endMail(ThreadReference)
    /// `died`, when the thread is dead.
    case wait(ThreadReference)
    /// `done`; a request of this connection that waits is withdrawn, one that is not open is no error.
    case cancel(RequestID)
    /// `log`, of so many lines from the end, and of what came in the last so much time; nil is all that is kept.
    case logs(ThreadReference, tailLines: Int? = nil, since: Duration? = nil)
    /// `done`.
    case custodianNew(CustodianPath)
    /// `done`; the custodian is directly below the connection's session custodian.
    case sessionCustodianNew(EntityName)
    /// `custodianTree`.
    case custodianTree(CustodianPath)
    /// `shutDown`, when every thread that it killed is dead; before it, if `follow`, notices. With a grace they are asked
    /// first.
    case custodianShutdown(CustodianPath, follow: Bool, grace: Duration = .zero)
    /// `done`, when the custodian's shutdown has begun, or there is no such custodian.
    case custodianWait(CustodianPath)
    /// `done`, when the effects of all earlier requests of the connection have been observed.
    case barrier
    /// `daemonStatus`.
    case daemonStatus
    /// `stateEvent`: the one that the thread has now.
    case event(StateEvent.Kind, of: ThreadReference)
    /// `received`, after the messages, at most so many of the client's own thread. With `wait` not before there is one, or
    /// no more can come.
    case receive(most: Int, wait: Bool)
    /// `done`; so many messages of those received over this connection, all in all, do not go back when it ends.
    case confirmMail(through: UInt64)
    /// `done`; the messages are in front of the mail of the client's own thread, the last of them first.
    case rewind([[UInt8]])
    /// `done`, when the client's own thread has mail, or no more can come.
    case mailWait
    /// `spawned`; the connection is a thread of this name from then on.
    case becomeThread(EntityName)
    /// `history`, at once or, if it waits, when there is something to tell.
    case history(HistoryQuery)
    /// `threadDetail`.
    case show(ThreadReference)
    /// `shutdownPlan`: what the custodian's shutdown would do.
    case shutdownPlan(CustodianPath)
    /// `done`, when the supervisor has begun to end; nil is its usual grace.
    case stopDaemon(grace: Duration?)
    /// `nodes`: those of the cluster.
    case nodes
    /// `names`: those that no two threads of the cluster have.
    case names
    /// `done`, when the end of the node's stay in the cluster is written down.
    case fenceNode(EntityName)
    /// `custodianShared`; with `adopt` it outlives this node.
    case shareCustodian(CustodianPath, adopt: Bool)
    /// `spawned`, when the server listens.
    indirect case serve(Serve)
  }

  /// Who gives a resumed thread its custodians, from then on as well.
  package enum Benefactor: Hashable, Codable, Sendable {
    case thread(ThreadReference)
    case custodian(CustodianPath)
  }
}
