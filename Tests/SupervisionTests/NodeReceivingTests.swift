import HeddleModel
import HeddleWire
import Supervision
import Testing

@Suite("mail that a thread's own processes take")
struct NodeReceivingTests {
  private static let bounds = MailboxBounds(messagesMax: 4, bytesMax: nil)

  /// A world with a thread, a client that sends it mail, and one in its tree.
  private static func stage(channel: ChannelMode = .none, bounds: MailboxBounds? = nil) throws
    -> (world: NodeWorld, thread: ThreadID, sender: ConnectionID, own: ConnectionID)
  {
    var world = NodeWorld()
    let sender = world.client()
    let thread = try world.start("inbox", channel: channel, bounds: bounds, on: sender)
    let own = world.client(in: thread)
    return (world, thread, sender, own)
  }

  @Test("a receive takes the oldest messages, as many as it may; a try that finds none is told so")
  func receive() throws {
    var (world, thread, sender, own) = try Self.stage()
    #expect(world.ask(.receive(most: 1, wait: false), on: own).reply == .received(messages: 0, isEnd: false))
    _ = world.mail(["1", "2", "3", "4"], to: thread, on: sender)
    #expect(world.ask(.receive(most: 1, wait: true), on: own).mail == ["1"])
    let rest = world.ask(.receive(most: 2, wait: false), on: own)
    #expect(rest.mail == ["2", "3"])
    #expect(rest.reply == .received(messages: 2, isEnd: false))
  }

  @Test("a receive that waits gets the next message; its cancellation takes none")
  func wait() throws {
    var (world, thread, sender, own) = try Self.stage()
    #expect(world.ask(.receive(most: 5, wait: true), on: own) == [])
    _ = world.mail(["1"], to: thread, on: sender)
    #expect(world.take(own).mail == ["1"])
    #expect(world.ask(.receive(most: 1, wait: true), on: own) == [])
    let waiting = world.lastRequest
    let answers = world.ask(.cancel(waiting), on: own)
    #expect(answers.refusal == .cancelled)
    _ = world.mail(["2"], to: thread, on: sender)
    #expect(world.take(own) == [])
    #expect(world.ask(.find(.id(thread)), on: own).info?.mail.messages == 1)
  }

  @Test("so many receives of a connection wait at one time, and no more")
  func open() throws {
    var (world, _, _, own) = try Self.stage()
    for _ in 0..<Limits.openReceivesMax { #expect(world.ask(.receive(most: 1, wait: true), on: own) == []) }
    #expect(world.ask(.receive(most: 1, wait: true), on: own).refusal == .tooLarge)
    #expect(world.ask(.mailWait, on: own) == [])
  }

  @Test("who waits longest gets the message; each message goes to one")
  func several() throws {
    var (world, thread, sender, first) = try Self.stage()
    let second = world.client(in: thread)
    _ = world.ask(.receive(most: 1, wait: true), on: first)
    _ = world.ask(.receive(most: 1, wait: true), on: second)
    _ = world.mail(["1", "2"], to: thread, on: sender)
    #expect(world.take(first).mail == ["1"])
    #expect(world.take(second).mail == ["2"])
  }

  @Test("what was received and not confirmed goes back in order when the connection ends")
  func putBack() throws {
    var (world, thread, sender, own) = try Self.stage()
    _ = world.mail(["1", "2", "3", "4"], to: thread, on: sender)
    #expect(world.ask(.receive(most: 3, wait: true), on: own).mail == ["1", "2", "3"])
    #expect(world.ask(.confirmMail(through: 1), on: own).reply == .done)
    // Again, and less than before: no effect.
    #expect(world.ask(.confirmMail(through: 0), on: own).reply == .done)
    #expect(world.ask(.confirmMail(through: 4), on: own).refusal == .badRequest)
    world.hangUp(own)
    let next = world.client(in: thread)
    #expect(world.ask(.receive(most: 9, wait: true), on: next).mail == ["2", "3", "4"])
  }

  @Test("what goes back is another's at once who waits for it, and not the leaving connection's own")
  func putBackToWaiting() throws {
    var (world, thread, sender, own) = try Self.stage()
    let other = world.client(in: thread)
    _ = world.mail(["1"], to: thread, on: sender)
    _ = world.ask(.receive(most: 1, wait: true), on: own)
    _ = world.ask(.receive(most: 1, wait: true), on: own)
    _ = world.ask(.receive(most: 1, wait: true), on: other)
    world.hangUp(own)
    #expect(world.take(other).mail == ["1"])
  }

  @Test("a suspended thread receives nothing, not even that there is nothing, until it is resumed")
  func suspended() throws {
    var (world, thread, sender, own) = try Self.stage()
    _ = world.ask(.receive(most: 1, wait: true), on: own)
    _ = world.ask(.suspend(.id(thread)), on: sender)
    world.obeyOrders()
    _ = world.mail(["1"], to: thread, on: sender)
    #expect(world.ask(.receive(most: 1, wait: false), on: own) == [])
    #expect(world.ask(.mailWait, on: own) == [])
    _ = world.ask(.resume(.id(thread)), on: sender)
    let told = world.take(own)
    #expect(told.mail == ["1"])
    #expect(
      told.contains(.reply(.received(messages: 0, isEnd: false), RequestID(rawValue: world.lastRequest.rawValue - 2)))
    )
  }

  @Test("waiting for mail takes none, and is level-triggered")
  func arrival() throws {
    var (world, thread, sender, own) = try Self.stage()
    #expect(world.ask(.mailWait, on: own) == [])
    _ = world.mail(["1"], to: thread, on: sender)
    #expect(world.take(own).reply == .done)
    #expect(world.ask(.mailWait, on: own).reply == .done)
    #expect(world.ask(.receive(most: 1, wait: false), on: own).mail == ["1"])
    #expect(world.ask(.mailWait, on: own) == [])
  }

  @Test("the end of mail comes behind all mail, for whoever asks and whoever waits")
  func end() throws {
    var (world, thread, sender, own) = try Self.stage()
    _ = world.mail(["1"], to: thread, on: sender)
    _ = world.ask(.endMail(.id(thread)), on: sender)
    #expect(world.ask(.receive(most: 2, wait: true), on: own).reply == .received(messages: 1, isEnd: false))
    #expect(world.ask(.receive(most: 1, wait: true), on: own).reply == .received(messages: 0, isEnd: true))
    #expect(world.ask(.receive(most: 1, wait: false), on: own).reply == .received(messages: 0, isEnd: true))
    #expect(world.ask(.mailWait, on: own).reply == .done)
    // What is pushed back comes before the end.
    _ = world.ask(.rewind([Array("again".utf8)]), on: own)
    #expect(world.ask(.receive(most: 1, wait: true), on: own).mail == ["again"])
  }

  @Test("who waits is told of the end when it is announced")
  func endWhileWaiting() throws {
    var (world, thread, sender, own) = try Self.stage()
    _ = world.ask(.receive(most: 1, wait: true), on: own)
    let receive = world.lastRequest
    _ = world.ask(.mailWait, on: own)
    let arrival = world.lastRequest
    _ = world.ask(.endMail(.id(thread)), on: sender)
    let answers: [Outgoing] = [.reply(.received(messages: 0, isEnd: true), receive), .reply(.done, arrival)]
    #expect(world.take(own) == answers)
  }

  @Test("of the dead no end of mail is announced")
  func endOfTheDead() throws {
    var (world, thread, sender, _) = try Self.stage()
    world.exit(thread)
    #expect(world.ask(.endMail(.id(thread)), on: sender).refusal == .dead)
  }

  @Test("rewound messages are received first, the last of them before the others")
  func rewind() throws {
    var (world, thread, sender, own) = try Self.stage(bounds: Self.bounds)
    _ = world.mail(["1", "2", "3", "4"], to: thread, on: sender)
    // Beyond the mailbox's bounds, as they were received before.
    #expect(world.ask(.rewind([Array("a".utf8), Array("b".utf8)]), on: own).reply == .done)
    #expect(world.ask(.receive(most: 9, wait: true), on: own).mail == ["b", "a", "1", "2", "3", "4"])
  }

  @Test("receiving makes room for those who wait for it")
  func room() throws {
    var (world, thread, sender, own) = try Self.stage(bounds: Self.bounds)
    _ = world.mail(["1", "2", "3", "4", "5"], to: thread, flags: .wait, on: sender)
    _ = world.ask(.receive(most: 1, wait: true), on: own)
    #expect(world.take(sender) == [])
    _ = world.ask(.receive(most: 1, wait: true), on: own)
    #expect(world.take(sender) == [.room(thread)])
  }

  @Test("a break does not end a wait for mail: it is the program's, as a signal")
  func breaks() throws {
    var (world, thread, sender, own) = try Self.stage()
    _ = world.ask(.receive(most: 1, wait: true), on: own)
    _ = world.ask(.sendBreak(.id(thread), .hangUp), on: sender)
    #expect(world.takeOrders() == [.signal(thread, 1)])
    #expect(world.take(own) == [])
    _ = world.mail(["1"], to: thread, on: sender)
    #expect(world.take(own).mail == ["1"])
  }

  @Test("a thread that ends gives nothing more, and leaves unread also what was not confirmed")
  func death() throws {
    var (world, thread, sender, own) = try Self.stage()
    let other = world.client(in: thread)
    _ = world.mail(["1", "2", "3"], to: thread, on: sender)
    _ = world.ask(.receive(most: 2, wait: true), on: own)
    _ = world.ask(.confirmMail(through: 1), on: own)
    _ = world.ask(.receive(most: 1, wait: true), on: other)
    _ = world.ask(.receive(most: 1, wait: true), on: other)
    _ = world.ask(.kill(.id(thread), wait: false, really: false), on: sender)
    #expect(world.take(other).refusal == .dead)
    #expect(world.ask(.receive(most: 1, wait: true), on: own).refusal == .dead)
    world.hangUp(own)
    world.obeyOrders()
    #expect(world.ask(.find(.id(thread)), on: sender).info?.death?.unreadMail == 2)
  }

  @Test(
    "of a program on lines a client takes what is still queued, and its sender's barrier counts that as handed over"
  )
  func lines() throws {
    var (world, thread, sender, own) = try Self.stage(channel: .lines)
    _ = world.mail(["1", "2", "3"], to: thread, on: sender)
    #expect(world.written[thread] == "1\n")
    #expect(world.ask(.barrier, on: sender) == [])
    #expect(world.ask(.receive(most: 1, wait: true), on: own).mail == ["2"])
    world.inputWritten(thread)
    #expect(world.written[thread] == "1\n3\n")
    #expect(world.take(sender) == [])
    world.inputWritten(thread)
    #expect(world.take(sender).reply == .done)
    #expect(world.ask(.rewind([Array("a\nb".utf8)]), on: own).refusal == .notALine)
  }

  @Test("a client outside of all trees, and a worker on its own connection, receive nothing")
  func strangers() throws {
    var world = NodeWorld()
    let client = world.client()
    for command in [Request.Command.receive(most: 1, wait: true), .mailWait, .rewind([])] {
      #expect(world.ask(command, on: client).refusal == .notInThread)
    }
    let thread = try world.start(channel: .frames, on: client)
    let worker = world.node.workerConnected(thread, uid: 0, at: world.now)
    world.receive(.hello, Hello(clientName: "worker", clientVersion: "0").encoded(), on: worker)
    _ = world.take(worker)
    #expect(world.ask(.receive(most: 1, wait: false), on: worker).refusal == .badRequest)
  }
}

@Suite("which thread a client is a part of")
struct NodeOriginTests {
  @Test("the one whose warden, or whose program, is its ancestor below the keeper")
  func roots() throws {
    var world = NodeWorld()
    let client = world.client()
    let spawn = Spawn(argv: [[112]], cwd: [47], linger: true)
    _ = world.ask(.spawn(spawn), on: client)
    guard case .start(let thread, _) = world.takeOrders().first else { throw Unexpected([]) }
    world.report(.started(thread, pid: 50, warden: 49, descriptors: 2))
    _ = world.mail(["1", "2"], to: thread, on: client)
    let below = world.client(from: ProcessOrigin(root: 49))
    #expect(world.ask(.receive(most: 1, wait: true), on: below).mail == ["1"])
    // The program is gone and its number free; what it left is the warden's.
    world.report(.exited(thread, .exit(code: 0)))
    let late = world.client(from: ProcessOrigin(root: 49))
    #expect(world.ask(.receive(most: 1, wait: true), on: late).mail == ["2"])
    let stranger = world.client(from: ProcessOrigin(root: 50))
    #expect(world.ask(.receive(most: 1, wait: true), on: stranger) == [])
    world.report(.empty(thread, Stragglers(total: 0, named: [])))
    let other = try world.start(on: client)
    #expect(world.take(stranger) == [])
    #expect(world.ask(.find(.id(other)), on: client).info?.state == .running)
  }

  @Test("the one in whose cgroup it is, or below it, wherever the hierarchy is mounted")
  func cgroups() throws {
    var world = NodeWorld()
    let place = "/sys/fs/cgroup/unified/user/heddle-0-abc-7-8"
    world.greet(Containment(rung: "cgroup", place: place))
    let client = world.client()
    let thread = try world.start(on: client)
    _ = world.mail(["1"], to: thread, on: client)
    for path in ["/heddle-0-abc-7-8/\(thread.rawValue)/below", "/x/heddle-0-abc-7-8/\(thread.rawValue)"] {
      let own = world.client(from: ProcessOrigin(cgroup: path))
      #expect(world.ask(.receive(most: 1, wait: true), on: own).mail == ["1"])
      world.hangUp(own)
    }
    for path in ["/heddle-0-abc-7-8", "/heddle-0-abc-7-8/99", "/heddle-0-abc-7-9/\(thread.rawValue)", ""] {
      let other = world.client(from: ProcessOrigin(cgroup: path))
      #expect(world.ask(.receive(most: 1, wait: true), on: other).refusal == .notInThread)
    }
  }

  @Test("one that becomes a thread before that report has its own mail, not its program's")
  func becomes() throws {
    var world = NodeWorld()
    let client = world.client()
    _ = world.ask(.spawn(Spawn(argv: [[112]], cwd: [47])), on: client)
    guard case .start(let thread, _) = world.takeOrders().first else { throw Unexpected([]) }
    let own = world.client(from: ProcessOrigin(root: 49))
    guard case .spawned(let info) = world.ask(.becomeThread(try EntityName("self")), on: own).reply else {
      throw Unexpected([])
    }
    world.report(.started(thread, pid: 50, warden: 49, descriptors: 2))
    _ = world.mail(["theirs"], to: thread, on: client)
    _ = world.mail(["mine"], to: info.id, on: client)
    #expect(world.ask(.receive(most: 1, wait: false), on: own).mail == ["mine"])
  }

  @Test("a client that is quicker than the report of its program waits for that, and so do its later requests")
  func early() throws {
    var world = NodeWorld()
    let client = world.client()
    _ = world.ask(.spawn(Spawn(argv: [[112]], cwd: [47])), on: client)
    guard case .start(let thread, _) = world.takeOrders().first else { throw Unexpected([]) }
    let own = world.client(from: ProcessOrigin(root: 49))
    #expect(world.ask(.daemonStatus, on: own).count == 1)
    #expect(world.ask(.receive(most: 1, wait: false), on: own) == [])
    #expect(world.ask(.barrier, on: own) == [])
    world.report(.started(thread, pid: 50, warden: 49, descriptors: 2))
    let answers = world.take(own)
    #expect(answers.reply == .received(messages: 0, isEnd: false))
    #expect(answers.count == 2)
  }
}
