/// heddle-test-worker: a program on the channel `frames` for the tests. Its argument says what it does.
import Glibc
import HeddleModel
import HeddleWire

/// Prints a line at once, since the program may be killed before it ends.
func say(_ line: String) {
  let bytes = Array("\(line)\n".utf8)
  _ = unsafe bytes.withUnsafeBytes { unsafe write(1, $0.baseAddress, $0.count) }
}

/// Keeps the process as it is until it is ended.
func stay() -> Never { while true { pause() } }

var channel = try Channel()
let words = Array(CommandLine.arguments.dropFirst())

switch words.first {
case "descriptors":
  // Its open descriptors, and whether the last of them is a socket that blocks.
  let open = (0..<1_024).filter { fcntl($0, F_GETFD) >= 0 }
  say(open.map(String.init).joined(separator: " "))
  say(fcntl(3, F_GETFL) & O_NONBLOCK == 0 ? "blocking" : "non-blocking")

case "report":
  // Every frame as a line, until the end of mail; each message is taken with the next mark or break, or at once.
  let welcome = try channel.greet(
    credit: words.count > 1 ? MailTotals(messages: UInt64(words[1]) ?? 1, bytes: 1 << 20) : nil
  )
  say("welcome \(welcome.worker.map { "\($0.thread)" } ?? "nobody") \(welcome.grant.map { "\($0)" } ?? "-")")
  var taken = MailTotals.zero
  loop: while let frame = try channel.next() {
    switch frame.header.kind {
    case .mail:
      say("mail \(String(decoding: frame.body, as: UTF8.self))")
      taken.messages += 1
      taken.bytes += UInt64(frame.body.count)
      try channel.writer.credit(taken)
    case .break: say("break \(try BreakKind(decoding: frame.body))")
    case .mailEnd:
      say("end")
      break loop
    case .mark: say("mark \(frame.header.id)")
    default: say("\(frame.header.kind)")
    }
    try channel.flush()
  }

case "hold":
  // Takes nothing.
  _ = try channel.greet()
  say("ready")
  stay()

case "silent":
  say("ready")
  stay()

case "close":
  channel.close()
  say("closed")
  stay()

case "garbage":
  try channel.write(Array("this is no frame, and was never meant to be one".utf8))
  while let frame = try channel.next() {
    if frame.header.kind == .refusal { say("refused \(try WireRefusal(decoding: frame.body).code)") }
  }
  say("end of connection")
  stay()

case "count":
  // Takes mail until its end; says how much there was, and whether the bodies were 0, 1, 2 ... in order.
  _ = try channel.greet()
  var taken = MailTotals.zero
  var isInOrder = true
  loop: while let frame = try channel.next() {
    switch frame.header.kind {
    case .mail:
      isInOrder = isInOrder && String(decoding: frame.body, as: UTF8.self) == "\(taken.messages)"
      taken.messages += 1
      taken.bytes += UInt64(frame.body.count)
    case .mailEnd: break loop
    default: break
    }
    guard !channel.hasMore else { continue }
    try channel.writer.credit(taken)
    try channel.flush()
  }
  say("\(taken.messages) \(isInOrder ? "in order" : "out of order")")

case "echo":
  // Sends all mail on to the thread of this number, and ends its mail when its own ends. It exits with the last word
  // still on its way.
  let receiver = ThreadID(rawValue: UInt64(words[1], radix: 16) ?? 0)
  _ = try channel.greet()
  var taken = MailTotals.zero
  loop: while let frame = try channel.next() {
    switch frame.header.kind {
    case .mail:
      try channel.writer.mail(frame.body.span, to: receiver, flags: .wait)
      taken.messages += 1
      taken.bytes += UInt64(frame.body.count)
    case .mailEnd:
      try channel.writer.request(Request(.endMail(.id(receiver))), id: RequestID(rawValue: 1))
      try channel.flush()
      break loop
    default: break
    }
    guard !channel.hasMore else { continue }
    try channel.writer.credit(taken)
    try channel.flush()
  }

case "spawn":
  // Makes a thread in its session custodian, says its id, and waits.
  _ = try channel.greet()
  say("\(try spawnInSession(over: &channel, environment: ["PATH=/bin"]))")
  stay()

case "number":
  // Numbers messages to the thread of this number, as this sender, for ever.
  _ = try channel.greet()
  try Numbering(sender: words[2], receiver: words[1]).run(over: &channel)

case "client":
  // The same as a client of the supervisor at a socket, with a thread of its session beside, which has one variable more.
  channel = try Channel(to: words[3])
  _ = try channel.greet()
  say("session \(try spawnInSession(over: &channel, environment: ["PATH=/bin", words[4]]))")
  try Numbering(sender: words[2], receiver: words[1]).run(over: &channel)

case "attempt":
  // Tries to suspend, and to kill, the thread of this number, and says what came of each.
  _ = try channel.greet()
  let target = ThreadReference.id(ThreadID(rawValue: UInt64(words[1], radix: 16) ?? 0))
  for (id, command) in [(1, .suspend(target)), (2, .kill(target, wait: true, really: false))]
    as [(UInt64, Request.Command)]
  {
    try channel.writer.request(Request(command), id: RequestID(rawValue: id))
    try channel.flush()
    guard let frame = try channel.next() else { break }
    say(frame.header.kind == .refusal ? "\(try WireRefusal(decoding: frame.body).code)" : "done")
  }

case "record":
  // Writes each message to a file, as a line, and takes it then.
  _ = try channel.greet()
  try record(to: words[1], over: &channel)

case "nest":
  // Runs the rest of its words after the path of a custodian in `sh` as a nested thread under that custodian, and says what
  // it hears of it: its start, breaks for the worker itself, and its end.
  _ = try channel.greet()
  let spawn = Spawn(
    in: try CustodianPath(parsing: words[1]),
    argv: ["/bin/sh", "-c", words[2...].joined(separator: " ")].map { Array($0.utf8) },
    environment: [Array("PATH=/usr/bin:/bin".utf8)],
    cwd: [47],
    nested: true
  )
  try channel.writer.request(Request(.spawn(spawn)), id: RequestID(rawValue: 1))
  try channel.flush()
  loop: while let frame = try channel.next() {
    switch frame.header.kind {
    case .notice:
      if case .started(let thread) = try Notice(decoding: frame.body) { say("\(thread.id)") }
    case .break: say("break \(try BreakKind(decoding: frame.body))")
    case .refusal:
      say("refused \(try WireRefusal(decoding: frame.body).code)")
      break loop
    case .reply:
      guard case .nestedEnded(let end) = try Reply(decoding: frame.body) else { continue }
      say("\(end.isValueLost ? "lost" : "value") \(end.death.cause)")
      break loop
    default: say("\(frame.header.kind)")
    }
  }

case let other:
  say("heddle-test-worker does not know how to \(other ?? "do nothing")")
  exit(64)
}
