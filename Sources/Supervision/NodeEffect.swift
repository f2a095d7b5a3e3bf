package import Cluster
package import HeddleModel
package import HeddleWire

/// What the daemon has to do after an input, in this order.
package enum NodeEffect: Equatable, Sendable {
  case send(ConnectionID, Outgoing)
  /// Make a stream to the node of this name, and answer with `dialed` or `dialFailed`.
  case dial(ConnectionID, EntityName)
  /// Close the connection once everything sent to it is written.
  case close(ConnectionID)
  /// Close the connection at once: whoever is at its other end may never read again.
  case drop(ConnectionID)
  /// Write nothing more to the connection, a worker's; or go on, with the breaks sent meanwhile before all else.
  case holdFrames(ConnectionID, Bool)
  indirect case order(KeeperRequest)
  /// Write to the program's standard input; answer with `inputWritten` when the pipe has taken all of it, or with
  /// `inputFailed`.
  case write(ThreadID, [UInt8])
  /// Close the program's standard input.
  case endInput(ThreadID)
  /// Read no more of one of the program's outputs, so that it comes to wait; or go on. `drainOutput` reads in any case.
  case holdOutput(ThreadID, ProgramOutput, Bool)
  /// No process of the thread is left: read what its output pipes hold, close them, and answer with `outputDrained`.
  case drainOutput(ThreadID)
  /// Listen there for a server; answer with `listenerOpened` or `listenerFailed`.
  case openListener(ListenerID, ServerAddress, backlog: Int)
  /// Accept who comes, one after the other, each with `connected`; or leave them to the backlog.
  case accept(ListenerID, Bool)
  /// Listen no more.
  case closeListener(ListenerID)
  /// Close a connection that was accepted.
  case closeSocket(SocketID)
  /// Count who waits to be accepted; answer with `waitingCounted`.
  case countWaiting(ListenerID, WaitingCount)
  /// Append a record to the registrar's journal; answer with `journalSynced` when it is on the disk.
  indirect case journal(JournalRecord)
  /// Begin the journal anew with this, in place of all records; the same.
  indirect case replaceJournal(RegistrarSnapshot)
  /// The keeper is there: clients may come.
  case listen
  /// The keeper is gone: end the trees that it left in this directory of cgroups.
  case endTrees(in: String)
  /// A line for the daemon's own log.
  case log(String)
  /// All is done: leave with this exit status.
  case exit(Int32)
}

/// One of the ways by which a program writes.
package enum ProgramOutput: UInt8, Hashable, Codable, Sendable, CaseIterable {
  case standardOutput = 0
  case standardError = 1
}
