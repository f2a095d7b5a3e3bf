internal import DequeModule
internal import HeddleWire

/// What is on its way to one receiver.
///
/// The supervisor's side of the bargain: once it has refused waiting mail with `mailboxFull` it refuses all waiting mail
/// after it, until a frame with the flag `retry`. So what was refused can be sent again, in order, and nothing has
/// overtaken it.
struct Lane: Sendable {
  private enum State {
    /// As far as is known the mailbox takes mail.
    case open
    /// It was full; `hasRoom` says whether the supervisor has told of room since.
    case full(hasRoom: Bool)
  }
  private var state = State.open
  /// How many are written and not yet acknowledged or refused, and how many of those wait for room.
  private var flyingCount = 0
  private var flyingWaitingCount = 0
  /// To be sent again, in the order of their first sending.
  private var refused: Deque<Letter> = []
  /// Not sent yet, oldest first; all of them come after `refused`.
  private var fresh: Deque<Letter> = []
  /// How many of `fresh` do not wait for room: none, as a rule, and then nobody need look for them.
  private var impatientCount = 0
  /// Those that fly and whose senders want them back.
  private var withdrawn: Set<UInt64> = []
  /// Whether the supervisor refuses all waiting mail until a frame has the flag `retry`, also when there is room.
  private var owesRetry = false
  /// ROOM may overtake the ack that tells of the refusal.
  private var hasEarlyRoom = false

  /// The most that fly at once. Without it all of a window would be refused again whenever there is room for a little.
  private var flyingMax = Int.max
  /// How many were queued at their owner since the lane was last opened.
  private var acceptedCount = 0
  /// No mailbox's room is guessed to be less than this many messages.
  private static let flyingLeast = 8

  /// Whether there is nothing to remember.
  var isIdle: Bool {
    guard case .open = state else { return false }
    return flyingCount == 0 && fresh.isEmpty && !owesRetry
  }

  /// How many posted messages may be written before anything else is known.
  private var writableCount: Int {
    guard case .open = state, fresh.isEmpty, !owesRetry else { return 0 }
    return flyingMax - flyingCount
  }

  /// Whether the fate of a letter is not known yet.
  var holdsLetters: Bool { flyingCount > 0 || !refused.isEmpty || !fresh.isEmpty }

  mutating func take(_ letter: Letter, effects: inout [SendWindow.Effect]) {
    fresh.append(letter)
    if !letter.waits { impatientCount += 1 }
    proceed(effects: &effects)
  }

  /// Posted messages go as they are if nothing is before them; else they wait as letters.
  mutating func take(_ run: PostedRun, effects: inout [SendWindow.Effect]) {
    var rest = run
    let first = rest.removeFirst(min(writableCount, run.count))
    if !first.isEmpty {
      flyingCount += first.count
      flyingWaitingCount += first.count
      effects.append(.writeRun(first))
    }
    while let letter = rest.popLetter() { fresh.append(letter) }
    proceed(effects: &effects)
  }

  /// The supervisor has queued the oldest messages that fly, all of the same run.
  mutating func land(_ queued: PostedRun, effects: inout [SendWindow.Effect]) {
    flyingCount -= queued.count
    flyingWaitingCount -= queued.count
    noteAccepted(queued.count)
    effects.append(.settleRun(queued))
    proceed(effects: &effects)
  }

  /// The supervisor has queued the oldest letter that flies, or refused it.
  mutating func land(_ letter: Letter, _ refusal: RefusalCode?, effects: inout [SendWindow.Effect]) {
    flyingCount -= 1
    if letter.waits { flyingWaitingCount -= 1 }
    let isWithdrawn = !withdrawn.isEmpty && withdrawn.remove(letter.ticket) != nil
    if letter.waits, refusal == .mailboxFull {
      noteFull()
      if isWithdrawn { effects.append(.settle(letter, .cancelled)) } else { refused.append(letter) }
    } else {
      if refusal == nil { noteAccepted(1) }
      effects.append(.settle(letter, refusal))
    }
    proceed(effects: &effects)
  }

  mutating func noteRoom(effects: inout [SendWindow.Effect]) {
    switch state {
    case .open: hasEarlyRoom = flyingWaitingCount > 0
    case .full: state = .full(hasRoom: true)
    }
    proceed(effects: &effects)
  }

  /// The sender wants the letter back, which is settled then, or when it has landed.
  mutating func withdraw(_ ticket: UInt64, effects: inout [SendWindow.Effect]) {
    if let index = refused.firstIndex(where: { $0.ticket == ticket }) {
      effects.append(.settle(refused.remove(at: index), .cancelled))
    } else if let index = fresh.firstIndex(where: { $0.ticket == ticket }) {
      let letter = fresh.remove(at: index)
      if !letter.waits { impatientCount -= 1 }
      effects.append(.settle(letter, .cancelled))
    } else {
      withdrawn.insert(ticket)
      return
    }
    proceed(effects: &effects)
  }

  private mutating func noteFull() {
    guard case .open = state else { return }
    state = .full(hasRoom: hasEarlyRoom)
    flyingMax = max(Self.flyingLeast, acceptedCount)
  }

  private mutating func noteAccepted(_ count: Int) {
    acceptedCount += count
    while acceptedCount >= flyingMax { flyingMax *= 2 }
  }

  /// Sends what can be sent now.
  private mutating func proceed(effects: inout [SendWindow.Effect]) {
    if flyingWaitingCount == 0, case .open = state { hasEarlyRoom = false }
    switch state {
    case .full(hasRoom: true) where flyingCount == 0: reopen(effects: &effects)
    // Nothing waits for room any more: what comes now is to find out by itself.
    case .full where flyingCount == 0 && refused.isEmpty && fresh.count == impatientCount: reopen(effects: &effects)
    case .full: refuseImpatient(effects: &effects)
    case .open: send(effects: &effects)
    }
  }

  /// Begins anew: all that was refused has come back, and the flag tells the supervisor so.
  private mutating func reopen(effects: inout [SendWindow.Effect]) {
    state = .open
    hasEarlyRoom = false
    acceptedCount = 0
    fresh.prepend(contentsOf: refused)
    refused.removeAll()
    owesRetry = true
    send(effects: &effects)
  }

  private mutating func send(effects: inout [SendWindow.Effect]) {
    // Mail that does not wait would not be refused behind mail that was: it goes when that can't happen any more.
    while flyingCount < flyingMax, let next = fresh.first, next.waits || flyingWaitingCount == 0 {
      fresh.removeFirst()
      if !next.waits { impatientCount -= 1 }
      effects.append(write(next))
    }
  }

  /// Who does not wait finds the mailbox full, since older mail waits for room in it.
  private mutating func refuseImpatient(effects: inout [SendWindow.Effect]) {
    guard impatientCount > 0 else { return }
    let impatient = fresh.filter { !$0.waits }
    fresh.removeAll { !$0.waits }
    impatientCount = 0
    effects += impatient.map { .settle($0, .mailboxFull) }
  }

  private mutating func write(_ letter: Letter) -> SendWindow.Effect {
    flyingCount += 1
    guard letter.waits else { return .write(letter, letter.flags) }
    flyingWaitingCount += 1
    guard owesRetry else { return .write(letter, letter.flags) }
    owesRetry = false
    return .write(letter, letter.flags.union(.retry))
  }
}
