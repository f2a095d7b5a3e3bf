internal import HeddleModel
internal import HeddleWire

// Streams of bytes between clients and threads: from ATTACH to the end.

extension Node {
  // MARK: - Frames

  /// A client wants a stream.
  mutating func attach(_ frame: Frame, on connection: ConnectionID, effects: inout Effects) {
    let id = StreamID(rawValue: frame.header.id)
    do throws(WireRefusal) {
      try requireUnused(frame.header.id, on: connection)
      let wish: Attach
      do throws(WireDecodingError) { wish = try Attach(decoding: frame.body) } catch { throw WireRefusal(error) }
      if try forward(wish, frame.header.id, on: connection, effects: &effects) { return }
      let thread = try thread(of: wish.target, on: connection)
      try requireStream(wish, of: thread, on: connection)
      begin(wish, of: thread, Attachment(connection: connection, stream: id, source: wish.stream), effects: &effects)
    } catch {
      effects.append(.send(connection, .refusal(error, RequestID(rawValue: frame.header.id))))
    }
  }

  /// DATA, END, CLOSE or TAKEN. Of a stream that is over it may have crossed with that, and has no effect.
  mutating func streamFrameCame(_ frame: Frame, on connection: ConnectionID, effects: inout Effects) {
    let id = StreamID(rawValue: frame.header.id)
    guard let thread = connections[connection]?.streams[id]?.thread else {
      _ = forwardOfMatter(frame, on: connection, effects: &effects)
      return
    }
    if frame.header.kind == .close { return detach(id, on: connection, thread: thread, effects: &effects) }
    do throws(StreamFault) {
      try receive(frame, on: id, connection)
      if frame.header.kind == .taken {
        flow(id, on: connection, effects: &effects)
      } else {
        pump(thread, effects: &effects)
      }
    } catch {
      refuseConnection(connection, Sentences.streamFault(error, id), effects: &effects)
    }
  }

  private mutating func receive(_ frame: Frame, on id: StreamID, _ connection: ConnectionID) throws(StreamFault) {
    // Taken out: else it would be copied, bytes and all.
    switch connections[connection]?.streams.removeValue(forKey: id) {
    case .input(var stream):
      defer { connections[connection]?.streams[id] = .input(stream) }
      switch frame.header.kind {
      case .data: try stream.receive(frame.body)
      case .end: try stream.receiveEnd()
      default: throw .wrongEnd
      }
    case .output(var stream):
      defer { connections[connection]?.streams[id] = .output(stream) }
      guard frame.header.kind == .taken else { throw .wrongEnd }
      try stream.receive(Taken(decoding: frame.body))
    case nil: break
    }
  }

  // MARK: - Beginning

  private func thread(of target: Attach.Target, on connection: ConnectionID) throws(WireRefusal) -> ThreadID {
    switch target {
    case .thread(let reference): return try find(reference, to: "attach to")
    case .spawn(let request):
      let spawn = spawns.first { $0.value.connection == connection && $0.value.request == request }
      guard let thread = spawn?.key else { throw Sentences.noSuchSpawn(request) }
      return thread
    }
  }

  private func requireStream(_ wish: Attach, of thread: ThreadID, on connection: ConnectionID) throws(WireRefusal) {
    guard connections[connection]?.streams.count ?? 0 < Limits.streamsMax else {
      throw Sentences.tooMany("streams", Limits.streamsMax, attempted: "attach to", subject: "id:\(thread)")
    }
    switch wish.stream {
    case .standardInput: try requireInput(of: thread)
    case .standardOutput, .standardError, .log:
      guard wish.holdsProgram else { return }
      // To hold a program is to keep it from running.
      do throws(Refusal) {
        try kernel.requireAuthority(connections[connection]?.session.grant ?? kernel.root, over: thread)
      } catch {
        throw Sentences.refused(error, attempted: "hold", subject: "id:\(thread)", in: self)
      }
    }
  }

  private func requireInput(of thread: ThreadID) throws(WireRefusal) {
    guard let entity = entities[thread], entity.takesStream else {
      throw Sentences.noStream(thread, "it takes mail, or nothing", advice: "start it with stdin_pipe")
    }
    guard entity.input != .closed || entity.body == .starting else {
      throw Sentences.noStream(thread, "it is closed")
    }
    if attachments[thread]?.contains(where: { $0.source == .standardInput }) == true {
      throw Sentences.noStream(thread, "another stream writes to it", advice: "try again when that has ended")
    }
  }

  private mutating func begin(_ wish: Attach, of thread: ThreadID, _ place: Attachment, effects: inout Effects) {
    attachments[thread, default: []].append(place)
    refer(to: thread)
    if let stream = newOutput(wish, of: thread) {
      connections[place.connection]?.streams[place.stream] = .output(stream)
      flow(place.stream, on: place.connection, effects: &effects)
    } else {
      connections[place.connection]?.streams[place.stream] = .input(InputStream(of: thread))
      effects.append(.send(place.connection, .attached(Attached(thread: thread, offset: 0), place.stream)))
    }
  }

  private func newOutput(_ wish: Attach, of thread: ThreadID) -> OutputStream? {
    let entity = entities[thread]
    if let output = wish.stream.output {
      let written = entity?.outputCounts[output] ?? 0
      // Of a server there is no program to hold.
      let holdsProgram = wish.holdsProgram && listener(of: thread) == nil
      return OutputStream(wish.stream, of: thread, from: written, holdsProgram: holdsProgram)
    }
    guard wish.stream == .log else { return nil }
    let end = entity?.log.end ?? 0
    let wanted = wish.offset.map { Int(clamping: $0) } ?? end
    return OutputStream(.log, of: thread, from: min(wanted, end))
  }

  // MARK: - Ending

  /// Ends a stream without a word: its client knows, or is gone. What it has not got yet is dropped.
  mutating func detach(_ id: StreamID, on connection: ConnectionID, thread: ThreadID?, effects: inout Effects) {
    connections[connection]?.streams[id] = nil
    guard let thread, var left = attachments[thread] else { return }
    left.removeAll { $0.connection == connection && $0.stream == id }
    attachments[thread] = left.isEmpty ? nil : left
    for output in ProgramOutput.allCases { holdOrRelease(output, of: thread, effects: &effects) }
    letGo(of: thread)
  }

  /// The thread is dead, and has written its last.
  mutating func endStreams(of thread: ThreadID, effects: inout Effects) {
    for place in attachments[thread] ?? [] where place.source != .standardInput {
      flow(place.stream, on: place.connection, effects: &effects)
    }
  }

  /// The program takes nothing any more: mail stays in its mailbox, and a stream to it ends.
  mutating func closeInput(of thread: ThreadID, effects: inout Effects) {
    entities[thread]?.input = .closed
    guard let writer = attachments[thread]?.first(where: { $0.source == .standardInput }) else { return }
    detach(writer.stream, on: writer.connection, thread: thread, effects: &effects)
    effects.append(.send(writer.connection, .close(writer.stream)))
  }
}

extension ThreadStream {
  /// The program's output that it is; nil for the others.
  var output: ProgramOutput? {
    switch self {
    case .standardOutput: .standardOutput
    case .standardError: .standardError
    case .standardInput, .log: nil
    }
  }
}
