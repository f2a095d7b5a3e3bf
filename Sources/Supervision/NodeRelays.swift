internal import DequeModule
internal import HeddleModel
internal import HeddleWire

// Lines that one thread writes and another gets as mail. While the mailbox has no room the writer's pipe is not read, so
// that the writer comes to wait, as in a pipeline of a shell. What a thread wrote before its death is sent on after it.

extension Node {
  /// What a spawn asks for: its receiver takes mail.
  func newRelay(_ wish: Spawn.Relay) throws(WireRefusal) -> Relay {
    let attempted = "send lines on to"
    let target = try find(wish.to, to: attempted)
    var refusal: Refusal?
    if kernel.threads[target]?.life.isAlive != true {
      refusal = .threadDead(target)
    } else if entities[target]?.mailbox.isEnded == true {
      refusal = .mail(thread: target, .ended)
    }
    if let refusal { throw Sentences.refused(refusal, attempted: attempted, subject: "\(wish.to)", in: self) }
    return Relay(to: target, passesEnd: wish.passesEnd)
  }

  /// The program wrote `bytes`.
  mutating func relayOutput(
    _ bytes: some Collection<UInt8>,
    from thread: ThreadID,
    _ output: ProgramOutput,
    effects: inout Effects
  ) {
    guard output == .standardOutput, entities.look(thread, { $0.relay != nil }) == true else { return }
    let (before, after) =
      entities.change(thread) { entity in
        let before = entity.relay?.cutCount ?? 0
        entity.relay?.take(bytes)
        return (before, entity.relay?.cutCount ?? 0)
      } ?? (0, 0)
    if before == 0, after > 0 {
      effects.append(.log("\(label(thread)) writes lines of more than \(Limits.lineBytesMax) bytes; sent on in pieces"))
    }
    relaysDue.append(thread)
    workOffRelays(effects: &effects)
  }

  /// The thread is dead, and has written its last: the rest is sent on by `workOffRelays`.
  mutating func endRelay(of thread: ThreadID) {
    guard entities.look(thread, { $0.relay != nil }) == true else { return }
    entities.change(thread) { $0.relay?.end() }
    // It is remembered until all is sent on.
    refer(to: thread)
    relaysDue.append(thread)
  }

  /// Sends on what can be. Sending makes room, and room lets others send: one after the other, not one inside the other.
  mutating func workOffRelays(effects: inout Effects) {
    guard !isRelaying else { return }
    isRelaying = true
    defer { isRelaying = false }
    while let thread = relaysDue.popFirst() { sendOn(from: thread, effects: &effects) }
  }

  private mutating func sendOn(from thread: ThreadID, effects: inout Effects) {
    guard let target = entities.look(thread, { $0.relay?.target }) ?? nil else { return }
    var refusal: RefusalCode?
    while refusal == nil, let line = entities.look(thread, { $0.relay?.first }) ?? nil {
      refusal = queue(MailBundle(line, to: target), [], effects: &effects)
      if refusal == .tooLarge { noteTooLarge(line, from: thread, to: target, effects: &effects) }
      if refusal == nil || refusal == .tooLarge {
        refusal = nil
        entities.change(thread) { $0.relay?.removeFirst() }
      }
    }
    switch refusal {
    case .mailboxFull: awaitRoom(in: target, for: thread)
    case let refusal?: stopRelay(of: thread, refusal, effects: &effects)
    case nil: finishRelay(of: thread, effects: &effects)
    }
    pump(target, effects: &effects)
    holdOrRelease(.standardOutput, of: thread, effects: &effects)
  }

  private mutating func awaitRoom(in target: ThreadID, for thread: ThreadID) {
    entities.change(target) { entity in
      if !entity.relaysAwaitingRoom.contains(thread) { entity.relaysAwaitingRoom.append(thread) }
    }
  }

  /// All that is there was sent on; if nothing more comes, that was it.
  private mutating func finishRelay(of thread: ThreadID, effects: inout Effects) {
    guard let relay = entities[thread]?.relay, relay.isEnded else { return }
    dropRelay(of: thread)
    if relay.passesEnd { endMail(of: relay.target, effects: &effects) }
  }

  /// The receiver takes no mail any more. The writer goes on, and its log tells what it writes.
  private mutating func stopRelay(of thread: ThreadID, _ code: RefusalCode, effects: inout Effects) {
    guard let relay = entities[thread]?.relay else { return }
    let reason = code == .endedMail ? "its mail has ended" : "it is dead"
    let lost = relay.count == 0 ? "" : "; its log alone has what was not delivered (lines: \(relay.count))"
    effects.append(.log("\(label(thread)) sends nothing on to \(label(relay.target)) any more: \(reason)\(lost)"))
    dropRelay(of: thread)
    if kernel.threads[thread]?.life.isAlive == true {
      note(thread, "stopped sending on to \(entities[relay.target]?.name?.text ?? "id:\(relay.target)")", by: "")
    }
  }

  private mutating func dropRelay(of thread: ThreadID) {
    let wasEnded = entities[thread]?.relay?.isEnded == true
    entities[thread]?.relay = nil
    if wasEnded { letGo(of: thread) }
  }

  /// Said once: a program that writes one such line may write many.
  private mutating func noteTooLarge(
    _ line: [UInt8],
    from thread: ThreadID,
    to target: ThreadID,
    effects: inout Effects
  ) {
    let isFirst =
      entities.change(thread) { entity in
        entity.relay?.refusedCount += 1
        return entity.relay?.refusedCount == 1
      } ?? false
    guard isFirst, let most = entities.look(target, { $0.mailbox.bounds.bytesMax }) ?? nil else { return }
    effects.append(
      .log(
        "\(label(thread)) writes lines that the mailbox of \(label(target)) does not take, such as one of \(line.count) "
          + "bytes where \(most) is the most: they are in the log alone"
      )
    )
  }

  /// How the daemon's own log names a thread.
  func label(_ thread: ThreadID) -> String {
    let name = entities[thread]?.name.map { "\($0.text) (id:\(thread))" }
    return "thread " + (name ?? "id:\(thread)")
  }
}
