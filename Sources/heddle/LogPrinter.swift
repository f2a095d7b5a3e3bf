internal import HeddleClient
internal import HeddleWire

/// Prints one thread's log as it comes.
actor LogPrinter {
  enum Form: Equatable {
    /// As it came.
    case bytes
    /// Each line whole, behind a prefix.
    case lines(prefix: String)
    case json
    case none
  }

  private let thread: ThreadSummary
  private let form: Form
  /// The place of the next byte to come; nil before the first is known.
  private var next: UInt64?
  /// The beginning of a line whose end has not come.
  private var rest: [UInt8] = []

  init(of thread: ThreadInfo, _ form: Form) {
    self.thread = ThreadSummary(id: thread.id, name: thread.name, state: thread.state)
    self.form = form
  }

  /// Prints until the thread is dead and all that it wrote was printed.
  func follow(_ stream: RemoteStream) async throws {
    while let chunk = try await stream.read() { print(chunk.bytes, at: chunk.offset) }
    end()
  }

  /// - Parameter offset: the place of the first of these bytes in all that the thread wrote. What was printed before is not
  ///   printed again.
  func print(_ bytes: [UInt8], at offset: UInt64) {
    let place = next ?? offset
    if offset > place {
      end()
      Output.complain("\(offset - place) bytes of the log of \(thread.label) were lost")
    }
    let known = Int(clamping: place > offset ? place - offset : 0)
    next = max(place, offset + UInt64(bytes.count))
    write(Array(bytes.dropFirst(known)))
  }

  /// Prints what there is of a last line without its newline.
  func end() {
    if !rest.isEmpty { write(line: rest) }
    rest = []
  }

  private func write(_ bytes: [UInt8]) {
    switch form {
    case .none: break
    case .bytes: Output.write(bytes)
    case .lines, .json:
      rest += bytes
      while let newline = rest.firstIndex(of: UInt8(ascii: "\n")) {
        let line = Array(rest[..<newline])
        let start = (next ?? 0) - UInt64(rest.count)
        rest.removeFirst(newline + 1)
        write(line: line, at: start)
      }
    }
  }

  private func write(line: [UInt8], at offset: UInt64? = nil) {
    if case .lines(let prefix) = form {
      Output.write(Array(prefix.utf8) + line + [UInt8(ascii: "\n")])
    } else {
      Output.write(WireJSON.line(line, at: offset ?? (next ?? 0) - UInt64(line.count), of: thread) + "\n")
    }
  }
}
