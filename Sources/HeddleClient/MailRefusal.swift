internal import HeddleModel
internal import HeddleWire

extension WireRefusal {
  /// The sentence for mail that an ack refuses with no more than a code.
  init(mailTo receiver: ThreadID, _ code: RefusalCode) {
    let (reason, advice) = Self.words(code)
    self.init(code, attempted: "send mail to", subject: "thread id:\(receiver)", reason: reason, advice: advice)
  }

  private static func words(_ code: RefusalCode) -> (reason: String, advice: String) {
    switch code {
    case .mailboxFull: ("its mailbox is full", "wait until it has read some")
    case .tooLarge: ("the message is larger than its mailbox or a frame may hold", "send it in pieces")
    case .endedMail: ("the end of its mail was announced", "")
    case .notALine: ("its channel is lines, and the message contains a newline", "send each line as a message")
    case .dead: ("it is dead or ending", "")
    case .gone: ("it is dead for so long that nothing is known of it any more", "")
    case .suspended: ("it is suspended", "resume it, or let the message wait for its resumption")
    case .noSuchThread: ("no thread has or had this id", "heddle ps --all lists the threads")
    case .permission: ("the authority of this connection does not suffice", "")
    case .shuttingDown: ("the supervisor is ending", "")
    case .nodeUnreachable: ("no link to its node is open", "heddle cluster nodes shows when it is back")
    case .nodeLost: ("the supervisor that had it has ended", "look for its successor by name")
    case .indeterminate: ("the link to its node was lost: it may have arrived or not", "")
    case .unknownNode, .notAcrossNodes, .wrongSecret, .wrongCluster, .nodeNameTaken, .custodianShutDown,
      .noSuchCustodian, .pathTaken, .nameTaken, .cannotStart, .cannotListen, .limits, .timedOut, .endedEarly,
      .alreadyNesting, .notInThread, .unspecified, .badRequest, .unknownRequest, .version, .cancelled, .noStream:
      ("the supervisor refused it with code \(code.rawValue), \(code)", "")
    }
  }
}
