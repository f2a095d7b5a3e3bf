/// Why something was refused, in a REFUSAL or an ACK. The numbers are the protocol's and never change.
package enum RefusalCode: UInt16, Hashable, Codable, Sendable, CaseIterable {
  /// A reason that this version does not know; the refusal's texts still say it.
  case unspecified = 0

  /// The frame or its body is not what the protocol says.
  case badRequest = 1
  /// A command or a frame kind that this supervisor does not know.
  case unknownRequest = 2
  /// The two ends share no protocol version.
  case version = 3
  /// The supervisor is ending and takes nothing new.
  case shuttingDown = 4
  /// The request was withdrawn by its sender.
  case cancelled = 5
  /// The authority of the request does not suffice.
  case permission = 6

  /// No thread has or had this id or name.
  case noSuchThread = 16
  /// The thread is dead for so long that nothing is known of it any more.
  case gone = 17
  /// The thread is dead or ending.
  case dead = 18
  /// A living thread has the name.
  case nameTaken = 19
  /// The program cannot be started.
  case cannotStart = 20
  /// The thread has a nested thread already.
  case alreadyNesting = 21
  /// The thread is suspended, and the message was not to wait for its resumption.
  case suspended = 22
  /// The client is in no thread's tree of processes, and has become none.
  case notInThread = 23
  /// A server cannot listen at an address.
  case cannotListen = 24

  case noSuchCustodian = 32
  /// The custodian's shutdown has begun.
  case custodianShutDown = 33
  /// A custodian has the path.
  case pathTaken = 34
  /// The limits that the program was to have cannot be set.
  case limits = 35
  /// The thread's time was up before its program ran.
  case timedOut = 36
  /// The thread was ended by somebody before its program ran.
  case endedEarly = 37

  /// No link to the node is open. What was asked was not done.
  case nodeUnreachable = 40
  /// The supervisor that had the thread has ended, and another has taken its place: nothing more can be known of it.
  case nodeLost = 41
  /// The link to the node was lost: what was asked may have been done or not.
  case indeterminate = 42
  /// The supervisor is in no cluster, or the cluster has no node of this name.
  case unknownNode = 43
  /// It can't be asked of another node, or concerns threads of several.
  case notAcrossNodes = 44
  /// Of links: the other end does not know the cluster's secret.
  case wrongSecret = 45
  /// Of links: the other end is in another cluster.
  case wrongCluster = 46
  /// Of links: the other end has the name of a node that is there already.
  case nodeNameTaken = 47

  /// The mailbox has as much mail as its bounds allow.
  case mailboxFull = 48
  /// The message is larger than the mailbox's bound in bytes, or than a frame may be.
  case tooLarge = 49
  /// The mailbox takes no more mail, by request.
  case endedMail = 50
  /// The thread's channel is lines, and the message contains a newline.
  case notALine = 51

  /// The thread has no such stream of bytes, or not any more, or another client writes to it.
  case noStream = 64
}
