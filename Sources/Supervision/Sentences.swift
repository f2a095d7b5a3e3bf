internal import HeddleModel
internal import HeddleWire

/// The supervisor's refusals in words: what was attempted, on what, why not, and what to do.
enum Sentences {
  static let tooSlow = WireRefusal(
    .badRequest,
    attempted: "keep",
    subject: "the connection",
    reason: "no HELLO came within \(Limits.handshake)",
    advice: "send HELLO first"
  )

  static let slowFrame = WireRefusal(
    .badRequest,
    attempted: "read",
    subject: "a frame",
    reason: "it had not ended \(Limits.frame) after its beginning",
    advice: "send each frame in one go"
  )

  static func outOfPlace(_ kind: FrameKind) -> WireRefusal {
    WireRefusal(
      .badRequest,
      attempted: "read",
      subject: "a \(kind) frame",
      reason: "it has no place here",
      advice: "a client sends HELLO once, and does not send what only a supervisor says"
    )
  }

  static func workerTakesTooLittle(_ bodyMax: Int) -> WireRefusal {
    WireRefusal(
      .badRequest,
      attempted: "take",
      subject: "a worker's connection",
      reason: "it takes bodies of \(bodyMax) bytes, and mail has up to \(BodyLimit.usual)",
      advice: "say body_max \(BodyLimit.usual) in HELLO, or leave it out"
    )
  }

  static func workerFault(_ fault: MailFlow.Fault) -> WireRefusal {
    switch fault {
    case .impossibleCredit:
      WireRefusal(
        .badRequest,
        attempted: "take",
        subject: "a credit frame",
        reason: "its totals are below those of the one before, or above what was written"
      )
    case .tooManyMarks:
      WireRefusal(
        .tooLarge,
        attempted: "set",
        subject: "a mark",
        reason: "\(Limits.openRequestsMax) marks of this connection wait already",
        advice: "wait for some of them"
      )
    }
  }

  static func noSharedVersion(_ versions: ClosedRange<UInt32>) -> WireRefusal {
    let ours = Hello.supportedVersions
    return WireRefusal(
      .version,
      attempted: "agree on",
      subject: "a protocol version",
      reason: "the client speaks \(versions.lowerBound) to \(versions.upperBound), "
        + "this supervisor \(ours.lowerBound) to \(ours.upperBound)",
      advice: "use the client that came with this supervisor"
    )
  }

  /// A request that came while another of the same identifier is open.
  static func requestIsOpen(_ request: RequestID) -> WireRefusal {
    WireRefusal(
      .badRequest,
      attempted: "begin",
      subject: "request \(request)",
      reason: "one with this identifier is open",
      advice: "use each identifier once"
    )
  }

  static func tooManyOpen(_ attempted: String, _ subject: String) -> WireRefusal {
    WireRefusal(
      .tooLarge,
      attempted: attempted,
      subject: subject,
      reason: "\(Limits.openRequestsMax) requests of this connection wait already",
      advice: "wait for some of them, or cancel some"
    )
  }

  /// More of something than a connection may have.
  static func tooMany(_ what: String, _ most: Int, attempted: String, subject: String) -> WireRefusal {
    WireRefusal(
      .tooLarge,
      attempted: attempted,
      subject: subject,
      reason: "this connection has \(most) \(what) already",
      advice: "end some of them"
    )
  }

  static let ending = WireRefusal(
    .shuttingDown,
    attempted: "start",
    subject: "a thread",
    reason: "the supervisor is ending"
  )

  static func cancelled(_ attempted: String, _ subject: String) -> WireRefusal {
    WireRefusal(.cancelled, attempted: attempted, subject: subject, reason: "the request was withdrawn")
  }

  static func noSuchThread(_ reference: ThreadReference, attempted: String) -> WireRefusal {
    WireRefusal(
      .noSuchThread,
      attempted: attempted,
      subject: "\(reference)",
      reason: "no thread has or had this name",
      advice: "heddle ps --all lists the threads"
    )
  }

  static func noSuchCustodian(_ path: CustodianPath, attempted: String) -> WireRefusal {
    WireRefusal(
      .noSuchCustodian,
      attempted: attempted,
      subject: "\(path)",
      reason: "there is no such custodian",
      advice: "heddle custodian tree / lists them; heddle custodian new \(path) makes it"
    )
  }

  static func notGranted(_ path: CustodianPath, attempted: String, grant: CustodianPath?) -> WireRefusal {
    WireRefusal(
      .permission,
      attempted: attempted,
      subject: "\(path)",
      reason: "it is not at or below \(grant?.description ?? "a custodian that is shut down"), which is what this "
        + "connection was granted",
      advice: "name a custodian there"
    )
  }

  static func noSession(attempted: String) -> WireRefusal {
    WireRefusal(
      .custodianShutDown,
      attempted: attempted,
      subject: "the session's custodian",
      reason: "there is none below what this connection was granted",
      advice: "name a custodian"
    )
  }

  static func sessionName(_ path: CustodianPath) -> WireRefusal {
    WireRefusal(
      .pathTaken,
      attempted: "make custodian",
      subject: "\(path)",
      reason: "such names are those of sessions",
      advice: "choose another name"
    )
  }

  static func noStream(_ thread: ThreadID, _ reason: String, advice: String = "") -> WireRefusal {
    WireRefusal(
      .noStream,
      attempted: "write to the standard input of",
      subject: "id:\(thread)",
      reason: reason,
      advice: advice
    )
  }

  static func noSuchSpawn(_ request: RequestID) -> WireRefusal {
    WireRefusal(
      .noSuchThread,
      attempted: "attach to",
      subject: "the thread of request \(request)",
      reason: "no spawn of this connection with this number waits for its answer",
      advice: "name the thread"
    )
  }

  /// What came on a stream breaks the protocol: the connection ends.
  static func streamFault(_ fault: StreamFault, _ stream: StreamID) -> WireRefusal {
    let reason =
      switch fault {
      case .overrun: "more bytes came than there was credit for"
      case .afterEnd: "something came after its end"
      case .taken: "more was taken than was sent, or less than before"
      case .wrongEnd: "only its other end sends such a frame"
      }
    return WireRefusal(.badRequest, attempted: "read", subject: "a frame of stream \(stream)", reason: reason)
  }

  static func nameTaken(_ name: EntityName, by holder: ThreadID) -> WireRefusal {
    WireRefusal(
      .nameTaken,
      attempted: "start",
      subject: name.text,
      reason: "thread id:\(holder) has this name and is not dead",
      advice: "choose another name, or end that thread first"
    )
  }

  /// A nested thread for somebody who is no thread.
  static func noCreator(_ subject: String) -> WireRefusal {
    WireRefusal(
      .badRequest,
      attempted: "start",
      subject: "\(subject) as a nested thread",
      reason: "only a thread can wait for one, and this connection is no worker's",
      advice: "ask on a worker's descriptor 3, or leave nested out and wait for the thread's death"
    )
  }

  static func pathTaken(_ path: CustodianPath, isShutDown: Bool) -> WireRefusal {
    WireRefusal(
      .pathTaken,
      attempted: "make custodian",
      subject: "\(path)",
      reason: isShutDown ? "one of this path is still being shut down" : "it exists already",
      advice: isShutDown ? "wait for its shutdown to complete" : "use it, or choose another path"
    )
  }

  static func cannotStart(_ program: String, errno: Int32, stage: KeeperStage) -> WireRefusal {
    let advice =
      switch stage {
      case .changeDirectory: "the caller's directory has to exist and be searchable"
      case .execute:
        "the program has to exist, in PATH unless it has a slash, and be executable; of a script the interpreter too"
      case .limits:
        "ask for less, or start the supervisor with more: no limit can exceed its own hard limit, which ulimit -Ha tells "
          + "where it is started, and nofile not /proc/sys/fs/nr_open"
      case .pipe, .warden, .fork, .setup: "the machine is short of something: see errno"
      }
    let isCut = stage == .execute && errno == KeeperProtocol.cutShort
    return WireRefusal(
      stage == .limits ? .limits : .cannotStart,
      attempted: "start",
      subject: program,
      reason: isCut ? "something ended it before it was executed" : "\(stage.text) failed with errno \(errno)",
      advice: isCut ? "look whether its limits let it start, and whether its file system answers" : advice,
      errorNumber: errno
    )
  }

  /// The thread was ended while its program was being started.
  static func endedEarly(_ program: String, _ cause: DeathCause) -> WireRefusal {
    func sentence(_ code: RefusalCode, _ reason: String, _ advice: String = "") -> WireRefusal {
      WireRefusal(code, attempted: "start", subject: program, reason: "\(reason) before it ran", advice: advice)
    }
    switch cause {
    case .timedOut(let time): return sentence(.timedOut, "its time, \(time), was up", "give it more with --timeout")
    case .custodianShutDown(let path): return sentence(.endedEarly, "it was shut down with \(path)")
    case .daemonEnded: return sentence(.endedEarly, "the supervisor ended it, and itself,")
    case .killed(let by): return sentence(.endedEarly, by.isEmpty ? "it was killed" : "it was killed by \(by)")
    case .exited, .signalled, .failedToStart, .nodeLost: return sentence(.endedEarly, "it was ended")
    }
  }

  /// The model's refusal of an operation on a thread or a custodian, in the words of whoever asked.
  static func refused(_ refusal: Refusal, attempted: String, subject: String, in node: Node) -> WireRefusal {
    func sentence(_ reason: String, _ advice: String = "") -> WireRefusal {
      WireRefusal(refusal.code, attempted: attempted, subject: subject, reason: reason, advice: advice)
    }
    func path(_ id: CustodianID) -> String {
      node.custodians.path(of: id)?.description ?? "a custodian that is shut down"
    }
    switch refusal {
    case .noSuchThread: return sentence("no thread has or had this id")
    case .threadGone: return sentence("it is dead for so long that nothing is known of it any more")
    case .threadDead: return sentence("it is dead or ending")
    case .threadSuspended: return sentence("it is suspended", "resume it, or let the message wait")
    case .noSuchCustodian: return sentence("there is no such custodian")
    case .custodianShutDown(let id):
      return sentence("\(path(id)) is shut down", "name another custodian with --in")
    case .notAuthorised(_, let manager, let caller):
      return sentence(
        "its custodian \(path(manager)) is not at or below \(path(caller))",
        "ask from a custodian above all of its custodians"
      )
    case .notAbove(let custodian, let caller):
      return sentence("\(path(caller)) is not above \(path(custodian))")
    case .mail(_, .full): return sentence("its mailbox is full")
    case .mail(_, .tooLarge(let bytes, let most)):
      return sentence("the message has \(bytes) bytes and the mailbox takes \(most)")
    case .mail(_, .ended): return sentence("the end of its mail was announced")
    case .alreadyNesting:
      return sentence(
        "it has a nested thread already",
        "wait until that is dead, or cancel the request that made it"
      )
    case .noSuchSemaphore, .noSuchChannel, .noSuchNack, .notInThread: return sentence("\(refusal)")
    }
  }
}

extension Refusal {
  /// How a client is told, without the sentence.
  var code: RefusalCode {
    switch self {
    case .noSuchThread: .noSuchThread
    case .threadGone: .gone
    case .threadDead: .dead
    case .threadSuspended: .suspended
    case .noSuchCustodian: .noSuchCustodian
    case .custodianShutDown: .custodianShutDown
    case .notAuthorised, .notAbove: .permission
    case .mail(_, .full): .mailboxFull
    case .mail(_, .tooLarge): .tooLarge
    case .mail(_, .ended): .endedMail
    case .alreadyNesting: .alreadyNesting
    case .noSuchSemaphore, .noSuchChannel, .noSuchNack, .notInThread: .badRequest
    }
  }
}

extension KeeperStage {
  /// What failed, as the subject of a sentence.
  var text: String {
    switch self {
    case .pipe: "making its pipes"
    case .warden: "making its warden"
    case .fork: "fork"
    case .setup: "setting it up"
    case .changeDirectory: "chdir"
    case .execute: "exec"
    case .limits: "setting its limits"
    }
  }
}
