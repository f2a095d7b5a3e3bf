internal import Glibc
internal import HeddleClient
internal import HeddleLoop
internal import HeddleWire

/// A terminal's whole screen, on which something is drawn again and again. What was there before comes back in the end.
enum Screen {
  /// The least time between two drawings.
  private static let pause = Duration.milliseconds(250)
  /// The most.
  private static let rest = Duration.seconds(1)

  /// Draws `lines` when something has happened, when the terminal has another size, and every second. Ends with the process,
  /// by a signal or by what goes wrong.
  ///
  /// - Parameter number: of the last happening before the first drawing.
  static func show(
    whatHappensAfter number: UInt64,
    over supervisor: Supervisor,
    _ lines: () async throws -> [String]
  ) async throws {
    let (changes, teller) = AsyncThrowingStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    begin()
    defer { end() }
    supervisor.loop.watchSignals(teller)
    let followers = [
      Task {
        do {
          var walk = HistoryWalk(HistoryQuery(after: number), of: supervisor)
          while true {
            _ = try await walk.next(waiting: true)
            teller.yield()
          }
        } catch {
          teller.finish(throwing: error)
        }
      },
      Task {
        while (try? await Task.sleep(for: rest)) != nil { teller.yield() }
      },
    ]
    defer { for follower in followers { follower.cancel() } }
    draw(try await lines())
    for try await _ in changes {
      draw(try await lines())
      try await Task.sleep(for: pause)
    }
  }

  /// Another screen, without a cursor; xterm's DECSET 1049 and 25.
  private static func begin() { Output.write("\u{1B}[?1049h\u{1B}[?25l") }

  fileprivate static func end() { Output.write("\u{1B}[?25h\u{1B}[?1049l") }

  /// Ctrl-Z gives the terminal back as it was, for as long as this process is stopped. On the loop.
  fileprivate static func watchStops(on loop: EventLoop, _ teller: AsyncThrowingStream<Void, any Error>.Continuation) {
    var stopSignal: StopSignal?
    stopSignal = StopSignal(on: loop) {
      end()
      stopSignal?.stop()
      begin()
      teller.yield()
    }
  }

  /// As many lines as there are rows, each to the end of its row.
  private static func draw(_ lines: [String]) {
    let rows = Output.size(of: STDOUT_FILENO)?.rows ?? 24
    let shown = lines.count > rows ? lines.prefix(rows - 1) + ["... \(lines.count - rows + 1) more"] : lines[...]
    Output.write("\u{1B}[H" + shown.map { $0 + "\u{1B}[K" }.joined(separator: "\r\n") + "\u{1B}[J")
  }
}

extension EventLoop {
  /// A new size of the terminal is told; what is to end the process does so, with the terminal as it was.
  fileprivate func watchSignals(_ teller: AsyncThrowingStream<Void, any Error>.Continuation) {
    perform {
      // Without descriptors there is no watching.
      _ = try? SignalWatcher(SIGWINCH, on: self) { teller.yield() }
      Screen.watchStops(on: self, teller)
    }
    exitOnSignals { Screen.end() }
  }
}
