package import HeddleLoop
package import HeddleWire

/// Why a supervisor did not do what a client asked of it. Unless it says otherwise, nothing has changed.
public struct ClientError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What was wrong; stable, so a program may depend on it.
  public enum Code: String, Hashable, Sendable, CaseIterable {
    /// Nobody answers at the socket, or this user may not connect.
    case connectFailed
    /// What answers there does not want this client, or is no supervisor.
    case handshakeFailed
    /// The connection has ended; what became of open requests and unacknowledged mail is not known.
    case connectionLost
    /// The supervisor said something that the protocol does not allow; the connection is closed.
    case protocolBroken

    /// The request is not what the protocol allows, or makes no sense.
    case badRequest
    /// The supervisor does not know this kind of request.
    case unknownRequest
    /// The two ends share no version of the protocol.
    case version
    /// The supervisor is ending and takes nothing new.
    case shuttingDown
    /// The task was cancelled, and the request withdrawn.
    case cancelled
    /// The authority of the request does not suffice.
    case permission
    /// No thread has or had this id or name.
    case noSuchThread
    /// The thread is dead for so long that nothing is known of it any more.
    case gone
    /// The thread is dead or ending.
    case dead
    /// The thread is not running, and the message was not to wait for its resumption.
    case suspended
    /// The thread has a nested thread already.
    case alreadyNesting
    /// Only a thread has mail to receive, and this client is in no thread's tree of processes, nor one itself.
    case notInThread
    /// A living thread has the name.
    case nameTaken
    /// The program cannot be started.
    case cannotStart
    /// A server cannot listen there.
    case cannotListen
    /// The limits that the program was to have cannot be set.
    case limits
    /// The thread's time was up before its program ran.
    case timedOut
    /// The thread was ended by somebody before its program ran.
    case endedEarly
    /// No custodian has this path.
    case noSuchCustodian
    /// The custodian's shutdown has begun.
    case custodianShutDown
    /// A custodian has the path.
    case pathTaken
    /// The mailbox has as much mail as its bounds allow.
    case mailboxFull
    /// The message is larger than the mailbox's bound in bytes, or than a frame may be.
    case tooLarge
    /// The mailbox takes no more mail, since its end was announced.
    case endedMail
    /// The thread takes lines, and the message contains a newline.
    case notALine
    /// The thread has no such stream of bytes, or not any more, or somebody else uses it.
    case noStream
    /// No link to the thread's node is open; nothing was done. That says nothing of whether the thread lives.
    case nodeUnreachable
    /// The supervisor that had the thread has ended, and another has taken its place.
    case nodeLost
    /// The link to the node was lost before it answered: what was asked for may have been done or not.
    case indeterminate
    /// The supervisor is in no cluster, or that has no node of this name.
    case unknownNode
    /// It can't be asked of another node, or concerns threads of several.
    case notAcrossNodes
    /// The nested thread was killed, or ended with its custodian, or its value was lost with it.
    case nestedThreadKilled
    /// A signal that is no break's ended the nested thread.
    case nestedThreadSignalled
    /// A reason that this version does not know; the description still says it.
    case other
  }

  /// What happened, with all that the command line wants to know of it.
  package enum Cause: Equatable, Sendable {
    case connectFailed(socketPath: String, LoopError)
    case handshake(socketPath: String, reason: String)
    case connectionLost(reason: String)
    case protocolBroken(reason: String)
    case refused(WireRefusal)
    /// A nested thread ended without a value.
    case nested(NestedEnd)
  }

  package let cause: Cause

  /// What was wrong.
  public var code: Code {
    switch cause {
    case .connectFailed: .connectFailed
    case .handshake: .handshakeFailed
    case .connectionLost: .connectionLost
    case .protocolBroken: .protocolBroken
    case .refused(let refusal): Code(refusal.code)
    case .nested(let end): end.isValueLost ? .nestedThreadKilled : .nestedThreadSignalled
    }
  }

  /// A sentence: what was attempted, on what, why it failed, and what to do.
  public var description: String {
    switch cause {
    case .connectFailed(let path, let error): "cannot connect to the supervisor at \(path): \(error.message)"
    case .handshake(let path, let reason): "cannot agree with the supervisor at \(path): \(reason)"
    case .connectionLost(let reason): "cannot go on without the supervisor: \(reason)"
    case .protocolBroken(let reason): "cannot understand the supervisor: \(reason)"
    case .refused(let refusal): refusal.description
    case .nested(let end):
      "the nested thread id:\(end.thread) has no value: \(DeathReport(end.death).cause); run it again if that is safe"
    }
  }

  /// The supervisor's refusal, if that is what it is.
  package var refusal: WireRefusal? {
    if case .refused(let refusal) = cause { refusal } else { nil }
  }
}

extension ClientError {
  package static func connectFailed(socketPath: String, _ error: LoopError) -> ClientError {
    ClientError(cause: .connectFailed(socketPath: socketPath, error))
  }

  package static func handshake(socketPath: String, reason: String) -> ClientError {
    ClientError(cause: .handshake(socketPath: socketPath, reason: reason))
  }

  package static func connectionLost(reason: String) -> ClientError {
    ClientError(cause: .connectionLost(reason: reason))
  }

  package static func protocolBroken(reason: String) -> ClientError {
    ClientError(cause: .protocolBroken(reason: reason))
  }

  package static func refused(_ refusal: WireRefusal) -> ClientError { ClientError(cause: .refused(refusal)) }

  /// What was found out before anything was asked of a supervisor.
  static func refused(
    _ code: RefusalCode,
    _ attempted: String,
    _ subject: String,
    _ reason: String,
    advice: String = ""
  ) -> ClientError {
    .refused(WireRefusal(code, attempted: attempted, subject: subject, reason: reason, advice: advice))
  }
}

extension ClientError.Code {
  fileprivate init(_ code: RefusalCode) {
    self =
      switch code {
      case .unspecified: .other
      case .badRequest: .badRequest
      case .unknownRequest: .unknownRequest
      case .version: .version
      case .shuttingDown: .shuttingDown
      case .cancelled: .cancelled
      case .permission: .permission
      case .noSuchThread: .noSuchThread
      case .gone: .gone
      case .dead: .dead
      case .suspended: .suspended
      case .alreadyNesting: .alreadyNesting
      case .notInThread: .notInThread
      case .nameTaken: .nameTaken
      case .cannotStart: .cannotStart
      case .cannotListen: .cannotListen
      case .limits: .limits
      case .timedOut: .timedOut
      case .endedEarly: .endedEarly
      case .noSuchCustodian: .noSuchCustodian
      case .custodianShutDown: .custodianShutDown
      case .pathTaken: .pathTaken
      case .mailboxFull: .mailboxFull
      case .tooLarge: .tooLarge
      case .endedMail: .endedMail
      case .notALine: .notALine
      case .noStream: .noStream
      case .nodeUnreachable: .nodeUnreachable
      case .nodeLost: .nodeLost
      case .indeterminate: .indeterminate
      case .unknownNode: .unknownNode
      case .notAcrossNodes: .notAcrossNodes
      // What nodes say to each other, never to a client.
      case .wrongSecret, .wrongCluster, .nodeNameTaken: .other
      }
  }
}
