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

  static func outOfPlace(_ kind: FrameKind) -> WireRefusal {
    WireRefusal(
      .badRequest,
      attempted: "read",
      subject: "a \(kind) frame",
      reason: "it has no place here",
      advice: "a client sends HELLO once, then REQUEST and MAIL"
    )
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

  static func nameTaken(_ name: EntityName, by holder: ThreadID) -> WireRefusal {
    WireRefusal(
      .nameTaken,
      attempted: "start",
      subject: name.text,
      reason: "thread id:\(holder) has this name and is not dead",
      advice: "choose another name, or end that thread first"
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
      case .execute: "the program has to exist, in PATH unless it has a slash, and be executable"
      case .limits: "a limit can't exceed the supervisor's own"
      case .pipe, .warden, .fork, .setup: "the machine is short of something: see errno"
      }
    return WireRefusal(
      .cannotStart,
      attempted: "start",
      subject: program,
      reason: "\(stage.text) failed with errno \(errno)",
      advice: advice,
      errorNumber: errno
    )
  }

  /// The model's refusal of an operation on a thread or a custodian, in the words of whoever asked.
  static func refused(_ refusal: Refusal, attempted: String, subject: String, in node: Node) -> WireRefusal {
    func sentence(_ code: RefusalCode, _ reason: String, _ advice: String = "") -> WireRefusal {
      WireRefusal(code, attempted: attempted, subject: subject, reason: reason, advice: advice)
    }
    func path(_ id: CustodianID) -> String {
      node.custodians.path(of: id)?.description ?? "a custodian that is shut down"
    }
    switch refusal {
    case .noSuchThread: return sentence(.noSuchThread, "no thread has or had this id")
    case .threadGone: return sentence(.gone, "it is dead for so long that nothing is known of it any more")
    case .threadDead: return sentence(.dead, "it is dead or ending")
    case .threadSuspended: return sentence(.dead, "it is suspended")
    case .noSuchCustodian: return sentence(.noSuchCustodian, "there is no such custodian")
    case .custodianShutDown(let id):
      return sentence(.custodianShutDown, "\(path(id)) is shut down", "name another custodian with --in")
    case .notAuthorised(_, let manager, let caller):
      return sentence(
        .permission,
        "its custodian \(path(manager)) is not at or below \(path(caller))",
        "ask from a custodian above all of its custodians"
      )
    case .notAbove(let custodian, let caller):
      return sentence(.permission, "\(path(caller)) is not above \(path(custodian))")
    case .mail(_, .full): return sentence(.mailboxFull, "its mailbox is full")
    case .mail(_, .tooLarge(let bytes, let most)):
      return sentence(.tooLarge, "the message has \(bytes) bytes and the mailbox takes \(most)")
    case .mail(_, .ended): return sentence(.endedMail, "the end of its mail was announced")
    case .alreadyNesting, .noSuchSemaphore, .noSuchChannel, .noSuchNack, .notInThread:
      return sentence(.badRequest, "\(refusal)")
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
