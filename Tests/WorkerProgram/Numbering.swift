import Glibc
import HeddleModel
import HeddleWire

/// A sender that numbers its messages 1, 2, 3 ..., "NAME 1" and so on, one at a time.
///
/// It says each number when its message was acknowledged: so what it has said last is what was accepted, or one less. A
/// message that is refused for want of room is sent again.
struct Numbering {
  let sender: String
  let receiver: ThreadID

  init(sender: String, receiver: String) {
    self.sender = sender
    self.receiver = ThreadID(rawValue: UInt64(receiver, radix: 16) ?? 0)
  }

  func run(over channel: inout Channel) throws -> Never {
    var number = 1
    while true {
      try channel.writer.mail(Array("\(sender) \(number)".utf8).span, to: receiver)
      try channel.flush()
      guard try isAccepted(over: &channel) else { continue }
      say("\(number)")
      number += 1
    }
  }

  /// The fate of the one message that is on its way.
  private func isAccepted(over channel: inout Channel) throws -> Bool {
    while let frame = try channel.next() {
      guard frame.header.kind == .ack else { continue }
      switch try Ack(decoding: frame.body).refused.first?.code {
      case nil: return true
      case .mailboxFull: return false
      case .some: exit(1)
      }
    }
    exit(0)
  }
}

/// Makes a thread in the session custodian.
func spawnInSession(over channel: inout Channel, environment: [String]) throws -> ThreadID {
  let spawn = Spawn(
    in: nil,
    argv: ["sleep", "1000"].map { Array($0.utf8) },
    environment: environment.map { Array($0.utf8) },
    cwd: [47]
  )
  try channel.writer.request(Request(.spawn(spawn)), id: RequestID(rawValue: 1))
  try channel.flush()
  while let frame = try channel.next() {
    guard frame.header.kind == .reply, case .spawned(let thread) = try Reply(decoding: frame.body) else { continue }
    return thread.id
  }
  exit(0)
}

/// Writes mail to the file at `path`, a line each, up to its end.
func record(to path: String, over channel: inout Channel) throws {
  let file = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
  var taken = MailTotals.zero
  var lines: [UInt8] = []
  while let frame = try channel.next() {
    guard frame.header.kind == .mail || frame.header.kind == .mailEnd else { continue }
    if frame.header.kind == .mail {
      lines += frame.body + [10]
      taken.messages += 1
      taken.bytes += UInt64(frame.body.count)
    }
    let isEnd = frame.header.kind == .mailEnd
    guard isEnd || !channel.hasMore else { continue }
    guard unsafe lines.withUnsafeBytes({ unsafe write(file, $0.baseAddress, $0.count) }) == lines.count else { exit(1) }
    lines = []
    if isEnd { return }
    try channel.writer.credit(taken)
    try channel.flush()
  }
}
