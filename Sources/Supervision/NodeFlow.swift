package import HeddleModel
internal import HeddleWire

// The bytes of streams, on their way through.

extension Node {
  // MARK: - Out

  /// The program wrote `bytes`.
  package mutating func outputCame(
    _ bytes: some Collection<UInt8>,
    from thread: ThreadID,
    _ output: ProgramOutput,
    effects: inout Effects
  ) {
    entities[thread]?.keep(bytes, at: now)
    entities[thread]?.outputCounts[output, default: 0] += bytes.count
    for place in attachments[thread] ?? [] {
      if place.source.output == output { append(bytes, to: place.stream, on: place.connection) }
      if place.source.output == output || place.source == .log {
        flow(place.stream, on: place.connection, effects: &effects)
      }
    }
    relayOutput(bytes, from: thread, output, effects: &effects)
    holdOrRelease(output, of: thread, effects: &effects)
    // What is not for the visitor is for the server's log, too: the thread is soon forgotten.
    if let visit = visits[thread] { outputCame(bytes, from: visit.server, output, effects: &effects) }
  }

  private mutating func append(_ bytes: some Collection<UInt8>, to id: StreamID, on connection: ConnectionID) {
    guard case .output(var stream) = connections[connection]?.streams[id] else { return }
    // Else it would be copied, bytes and all.
    connections[connection]?.streams[id] = nil
    stream.append(bytes)
    connections[connection]?.streams[id] = .output(stream)
  }

  /// Sends what there is as far as the client's credit goes; when there is nothing more to come, the end.
  mutating func flow(_ id: StreamID, on connection: ConnectionID, effects: inout Effects) {
    guard case .output(var stream) = connections[connection]?.streams[id] else { return }
    connections[connection]?.streams[id] = nil
    let most = min(Limits.dataBytesMax, connections[connection]?.bodyMax ?? 0)
    while let piece = next(of: &stream, atMost: most) {
      switch piece {
      case .position(let position):
        let place = Attached(thread: stream.thread, offset: UInt64(position))
        effects.append(.send(connection, .attached(place, id)))
      case .bytes(let bytes): effects.append(.send(connection, .data(bytes, id)))
      }
    }
    connections[connection]?.streams[id] = .output(stream)
    if hasEnded(stream) {
      detach(id, on: connection, thread: stream.thread, effects: &effects)
      effects.append(.send(connection, .end(id)))
    } else if let output = stream.source.output {
      holdOrRelease(output, of: stream.thread, effects: &effects)
    }
  }

  private func next(of stream: inout OutputStream, atMost most: Int) -> OutputStream.Piece? {
    guard stream.source == .log else { return stream.next(atMost: most) }
    guard let log = entities[stream.thread]?.log else { return nil }
    return stream.next(in: log, atMost: most)
  }

  /// Whether the thread is dead, and all that it wrote was sent.
  private func hasEnded(_ stream: OutputStream) -> Bool {
    guard let body = entities[stream.thread]?.body, body != .gone else {
      return stream.source == .log ? entities[stream.thread].map { stream.isAtEnd(of: $0.log) } ?? true : stream.isEmpty
    }
    return false
  }

  /// A program is read as long as each client that is to hold it has got what was read, and its lines were sent on.
  mutating func holdOrRelease(_ output: ProgramOutput, of thread: ThreadID, effects: inout Effects) {
    guard let wasHeld = entities[thread]?.heldOutputs.contains(output) else { return }
    let isRelayed = output == .standardOutput && entities.look(thread, { $0.relay?.isEmpty }) == false
    let isHeld =
      isRelayed
      || (attachments[thread] ?? []).contains { place in
        guard place.source.output == output,
          case .output(let stream) = connections[place.connection]?.streams[place.stream]
        else { return false }
        return stream.holdsProgram && !stream.isEmpty
      }
    guard isHeld != wasHeld else { return }
    if isHeld { entities[thread]?.heldOutputs.insert(output) } else { entities[thread]?.heldOutputs.remove(output) }
    effects.append(.holdOutput(thread, output, isHeld))
  }

  // MARK: - In

  /// Writes what a client's stream has for the program, which can take it; after the stream's end the pipe is closed.
  mutating func pumpStream(_ thread: ThreadID, effects: inout Effects) {
    guard let place = attachments[thread]?.first(where: { $0.source == .standardInput }),
      case .input(var stream) = connections[place.connection]?.streams[place.stream]
    else { return }
    connections[place.connection]?.streams[place.stream] = nil
    let bytes = stream.next(atMost: Limits.dataBytesMax)
    connections[place.connection]?.streams[place.stream] = .input(stream)
    if let bytes {
      entities[thread]?.input = .busy
      effects.append(.write(thread, bytes))
    } else if stream.isDone {
      effects.append(.endInput(thread))
      closeInput(of: thread, effects: &effects)
    }
  }

  /// Tells the client whose bytes the program's pipe has taken that it has.
  mutating func tellTaken(of thread: ThreadID, effects: inout Effects) {
    guard let place = attachments[thread]?.first(where: { $0.source == .standardInput }),
      case .input(var stream) = connections[place.connection]?.streams[place.stream]
    else { return }
    connections[place.connection]?.streams[place.stream] = nil
    let taken = stream.written()
    connections[place.connection]?.streams[place.stream] = .input(stream)
    if let taken { effects.append(.send(place.connection, .taken(taken, place.stream))) }
  }
}
