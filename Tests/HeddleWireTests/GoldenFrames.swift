import Foundation
import HeddleMessages
import HeddleModel
import HeddleWire
import SwiftProtobuf
import Testing

/// A frame that `proto/testdata` keeps, for clients in any language to be tested against.
struct GoldenFrame: Sendable, CustomTestStringConvertible {
  /// The name of its two files: `name.bin`, the bytes, and `name.json`, what they say.
  let name: String
  let bytes: [UInt8]

  var testDescription: String { name }

  init(_ name: String, _ write: (inout FrameWriter) throws(FrameError) -> Void) {
    var writer = FrameWriter(bodyMax: BodyLimit.usual)
    do throws(FrameError) { try write(&writer) } catch { preconditionFailure("\(name): \(error)") }
    self.name = name
    bytes = writer.take()
  }

  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../proto/testdata").standardizedFileURL

  static let all: [GoldenFrame] = handshake + requests + answers + mail + watches + streams + workers + links

  private static let handshake = [
    GoldenFrame("hello") { writer throws(FrameError) in try writer.hello(Samples.hello) },
    GoldenFrame("welcome") { writer throws(FrameError) in try writer.welcome(Samples.welcome) },
  ]

  private static let requests: [GoldenFrame] = {
    let named: [(String, Request.Command)] = [
      ("spawn", .spawn(Samples.spawn)), ("find", .find(Samples.byName)), ("list", .list(includeDead: true)),
      ("suspend", .suspend(Samples.byID)), ("resume", .resume(Samples.byID, benefactor: .custodian(Samples.job))),
      ("kill", .kill(Samples.byName, wait: true, really: false)), ("break", .sendBreak(Samples.byName, .terminate)),
      ("end-mail", .endMail(Samples.byName)), ("wait", .wait(Samples.byID)),
      ("cancel", .cancel(RequestID(rawValue: 3))), ("logs", .logs(Samples.byName, tailLines: 10)),
      ("custodian-new", .custodianNew(Samples.job)), ("custodian-tree", .custodianTree(.root)),
      ("custodian-shutdown", .custodianShutdown(Samples.job, follow: true)), ("barrier", .barrier),
      ("daemon-status", .daemonStatus), ("custodian-new-in-session", .sessionCustodianNew(Samples.name("build"))),
      (
        "spawn-in-session",
        .spawn(Spawn(in: nil, argv: [Samples.bytes("cat")], cwd: Samples.bytes("/"), stdinPipe: true))
      ),
      ("event", .event(.suspension, of: Samples.byName)), ("spawn-nested", .spawn(Samples.nestedSpawn)),
      ("spawn-held", .spawn(Samples.boundSpawn)), ("stop-daemon", .stopDaemon(grace: .milliseconds(1_500))),
      ("spawn-in-group", .spawn(Samples.groupedSpawn)), ("custodian-wait", .custodianWait(Samples.job)),
      ("spawn-relaying", .spawn(Samples.relayingSpawn)), ("receive", .receive(most: 40, wait: true)),
      ("confirm-mail", .confirmMail(through: 12)),
      ("rewind", .rewind([Samples.bytes("first"), Samples.bytes("then")])),
      ("mail-wait", .mailWait), ("become-thread", .becomeThread(Samples.name("inbox"))),
      ("history", .history(Samples.historyQueries[1])), ("show", .show(Samples.byName)),
      ("serve", .serve(Samples.serve)), ("serve-unix", .serve(Samples.unixServe)),
      ("shutdown-plan", .shutdownPlan(Samples.job)), ("logs-since", .logs(Samples.byName, since: .seconds(600))),
      (
        "custodian-shutdown-with-grace",
        .custodianShutdown(Samples.job, follow: true, grace: .seconds(10))
      ),
    ]
    return named.map { name, command in
      GoldenFrame("request-\(name)") { writer throws(FrameError) in
        try writer.request(Request(command), id: RequestID(rawValue: 7))
      }
    } + [
      GoldenFrame("request-with-authority") { writer throws(FrameError) in
        try writer.request(Request(.suspend(Samples.byID), as: Samples.job), id: RequestID(rawValue: 8))
      }
    ]
  }()

  private static let answers: [GoldenFrame] = {
    let replies: [(String, Reply)] = [
      ("done", .done), ("spawned", .spawned(Samples.infos[0])), ("threads", .threads(Samples.infos, more: true)),
      ("killed", .killed(.died)), ("died", .died(Samples.id, DeathRecord(cause: .exited(code: 3), unreadMail: 2))),
      ("log", .log(LogText(text: Samples.bytes("a\nb\n"), droppedBytes: 10))),
      ("custodian-tree", .custodianTree(Samples.tree)), ("daemon-status", .daemonStatus(Samples.status)),
      ("thread-relaying", .thread(Samples.relayingInfo)), ("received", .received(messages: 2, isEnd: false)),
      ("received-end", .received(messages: 0, isEnd: true)),
      ("daemon-status-leaving", .daemonStatus(Samples.leavingStatus)),
      ("died-timed-out", .died(Samples.id, DeathRecord(cause: .timedOut(after: .seconds(90)), unreadMail: 0))),
      ("state-event", .stateEvent(Samples.events[0])), ("nested-ended", .nestedEnded(Samples.nestedEnd)),
      ("history", .history(Samples.history)), ("thread-detail", .threadDetail(Samples.detail)),
      ("thread-serving", .thread(Samples.servingInfo)), ("thread-visited", .thread(Samples.visitInfo)),
      ("shutdown-plan", .shutdownPlan(Samples.plan)), ("daemon-status-contained", .daemonStatus(Samples.contained)),
      ("shut-down", Samples.replies.first { if case .shutDown = $0 { true } else { false } } ?? .done),
    ]
    let request = RequestID(rawValue: 7)
    return replies.map { name, reply in
      GoldenFrame("reply-\(name)") { writer throws(FrameError) in try writer.reply(reply, to: request) }
    } + [
      GoldenFrame("notice-thread-dead") { writer throws(FrameError) in
        try writer.notice(Samples.notices[0], of: request)
      },
      GoldenFrame("notice-left-suspended") { writer throws(FrameError) in
        try writer.notice(.leftSuspended(Samples.summaries), of: request)
      },
      GoldenFrame("notice-started") { writer throws(FrameError) in
        try writer.notice(.started(Samples.infos[1]), of: request)
      },
      GoldenFrame("notice-grace") { writer throws(FrameError) in
        try writer.notice(.grace(.terminated, Samples.summaries, left: .seconds(5)), of: request)
      },
      GoldenFrame("notice-thread-ended") { writer throws(FrameError) in
        let death = DeathRecord(cause: .exited(code: 0), unreadMail: 1)
        try writer.notice(.threadEnded(Samples.summaries[4], after: .milliseconds(3), death), of: request)
      },
      GoldenFrame("refusal-request") { writer throws(FrameError) in
        try writer.refusal(
          WireRefusal(
            .noSuchThread,
            attempted: "suspend",
            subject: "thread worker-3",
            reason: "there is none",
            advice: "see heddle ps"
          ),
          of: request
        )
      },
      GoldenFrame("refusal-connection") { writer throws(FrameError) in
        try writer.refusal(WireRefusal(FrameError.unknownKind(99)), of: nil)
      },
    ]
  }()

  private static let mail = [
    GoldenFrame("mail") { writer throws(FrameError) in try writer.mail(Samples.bytes("hello").span, to: Samples.id) },
    GoldenFrame("mail-empty") { writer throws(FrameError) in try writer.mail([UInt8]().span, to: Samples.id) },
    GoldenFrame("mail-wait") { writer throws(FrameError) in
      try writer.mail([0, 0xFF, 0x0A].span, to: Samples.id, flags: .wait)
    },
    GoldenFrame("mail-retry") { writer throws(FrameError) in
      try writer.mail([0, 0xFF, 0x0A].span, to: Samples.id, flags: [.wait, .retry])
    },
    GoldenFrame("mail-later") { writer throws(FrameError) in
      try writer.mail([0, 0xFF, 0x0A].span, to: Samples.id, flags: [.wait, .later])
    },
    GoldenFrame("ack-asked") { writer throws(FrameError) in try writer.askForAck() },
    GoldenFrame("ack") { writer throws(FrameError) in try writer.ack(Ack(through: 300)) },
    GoldenFrame("ack-refused") { writer throws(FrameError) in try writer.ack(Samples.acks[2]) },
    GoldenFrame("room") { writer throws(FrameError) in try writer.room(for: Samples.id) },
  ]

  private static let workers = [
    GoldenFrame("hello-worker") { writer throws(FrameError) in try writer.hello(Samples.workerHello) },
    GoldenFrame("welcome-worker") { writer throws(FrameError) in try writer.welcome(Samples.workerWelcome) },
    GoldenFrame("credit") { writer throws(FrameError) in try writer.credit(Samples.totals) },
    GoldenFrame("break") { writer throws(FrameError) in try writer.break(.hangUp, of: Samples.id) },
    GoldenFrame("mail-end") { writer throws(FrameError) in try writer.mailEnd(of: Samples.id) },
    GoldenFrame("mark") { writer throws(FrameError) in try writer.mark(MarkID(rawValue: 8)) },
  ]

  private static let watches = [
    GoldenFrame("watch") { writer throws(FrameError) in try writer.watch(Samples.events[0], id: WatchID(rawValue: 9)) },
    GoldenFrame("fired") { writer throws(FrameError) in try writer.fired(WatchID(rawValue: 9)) },
    GoldenFrame("unwatch") { writer throws(FrameError) in try writer.unwatch(WatchID(rawValue: 9)) },
  ]

  private static let streams: [GoldenFrame] = {
    let id = StreamID(rawValue: 12)
    return [
      GoldenFrame("attach-log") { writer throws(FrameError) in try writer.attach(Samples.attachments[0], id: id) },
      GoldenFrame("attach-spawn") { writer throws(FrameError) in try writer.attach(Samples.attachments[2], id: id) },
      GoldenFrame("attached") { writer throws(FrameError) in try writer.attached(Samples.attached, id: id) },
      GoldenFrame("data") { writer throws(FrameError) in try writer.data(Samples.bytes("tick\n").span, of: id) },
      GoldenFrame("end") { writer throws(FrameError) in try writer.end(of: id) },
      GoldenFrame("close") { writer throws(FrameError) in try writer.close(id) },
      GoldenFrame("taken") { writer throws(FrameError) in try writer.taken(Taken(bytes: 300_000), of: id) },
    ]
  }()
}

// MARK: - What a frame says, as JSON

extension GoldenFrame {
  /// The frame in words: its header's fields, and its body as protobuf's JSON, as an ack's numbers, or in base64.
  func json() throws -> Data {
    let frame = try frames(in: bytes)[0]
    var fields: [String: Any] = [
      "kind": "\(frame.header.kind)".uppercased(), "kind_number": frame.header.kind.rawValue,
      "flags": frame.header.flags.rawValue, "id": String(frame.header.id), "body_bytes": frame.header.bodyCount,
    ]
    switch frame.header.kind {
    case .hello: try fields.merge(described(ProtoHello(serializedBytes: frame.body))) { $1 }
    case .welcome: try fields.merge(described(ProtoWelcome(serializedBytes: frame.body))) { $1 }
    case .request: try fields.merge(described(ProtoRequest(serializedBytes: frame.body))) { $1 }
    case .reply: try fields.merge(described(ProtoReply(serializedBytes: frame.body))) { $1 }
    case .refusal: try fields.merge(described(ProtoRefusal(serializedBytes: frame.body))) { $1 }
    case .notice: try fields.merge(described(ProtoNotice(serializedBytes: frame.body))) { $1 }
    case .ack where frame.body.isEmpty: break
    case .ack: fields["ack"] = try described(Ack(decoding: frame.body))
    case .watch: try fields.merge(described(ProtoStateEvent(serializedBytes: frame.body))) { $1 }
    case .attach where name == "attached":
      try fields.merge(described(ProtoAttached(serializedBytes: frame.body))) { $1 }
    case .attach: try fields.merge(described(ProtoAttach(serializedBytes: frame.body))) { $1 }
    case .taken: fields["taken"] = String(Taken(decoding: frame.body).bytes)
    case .credit:
      let taken = MailTotals(decoding: frame.body)
      fields["taken"] = ["messages": String(taken.messages), "bytes": String(taken.bytes)]
    case .break: fields["break"] = try Int(BreakKind(decoding: frame.body).rawValue)
    case .linkHello: try fields.merge(described(ProtoLinkHello(serializedBytes: frame.body))) { $1 }
    case .linkChallenge:
      fields["code_base64"] = Data(frame.challenge.code.bytes).base64EncodedString()
      try fields.merge(described(ProtoLinkHello(serializedBytes: frame.challenge.hello))) { $1 }
    case .clientOpen: try fields.merge(described(ProtoLinkClient(serializedBytes: frame.body))) { $1 }
    case .coordinatorRequest: try fields.merge(described(ProtoCoordinatorRequest(serializedBytes: frame.body))) { $1 }
    case .coordinatorAnswer: try fields.merge(described(ProtoCoordinatorAnswer(serializedBytes: frame.body))) { $1 }
    case .coordinatorNews: try fields.merge(described(ProtoCoordinatorTold(serializedBytes: frame.body))) { $1 }
    case .linkProof, .linkOpen, .ping, .pong, .client, .clientClose, .answer,
      .mail, .mailEnd, .mark, .room, .fired, .unwatch, .data, .end, .close:
      fields["body_base64"] = Data(frame.body).base64EncodedString()
    }
    let options: JSONSerialization.WritingOptions = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try JSONSerialization.data(withJSONObject: fields, options: options) + Data("\n".utf8)
  }

  private func described(_ message: some Message) throws -> [String: Any] {
    let text: String = try message.jsonString()
    return [
      "message": type(of: message).protoMessageName,
      "body": try JSONSerialization.jsonObject(with: Data(text.utf8)),
    ]
  }

  private func described(_ ack: Ack) -> [String: Any] {
    let refused = ack.refused.map { ["number": String($0.number), "code": $0.code.rawValue] as [String: Any] }
    return ["through": String(ack.through), "refused": refused]
  }
}
