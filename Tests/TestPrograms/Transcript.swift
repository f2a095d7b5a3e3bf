import Foundation

/// What a program writes on one of its streams, read as it comes by a thread of its own: who is not listened to would come to
/// wait.
package final class Transcript: Sendable {
  private struct State {
    var bytes: [UInt8] = []
    var isComplete = false
  }
  private let state = Awaited(State())

  init(of source: Descriptor) {
    Thread.detachNewThread { [state] in
      while case let more = source.read(), !more.isEmpty { state.change { $0.bytes += more } }
      state.change { $0.isComplete = true }
    }
  }

  /// What has come so far.
  package var bytes: [UInt8] { state.now.bytes }

  /// What has come so far.
  package var text: String { String(decoding: bytes, as: UTF8.self) }

  /// Blocks until the text is as wanted, to its end, or `patience` long.
  ///
  /// - Returns: whether it is as wanted.
  package func wait(atMost patience: Duration = StartedProgram.patience, until isWanted: (String) -> Bool) -> Bool {
    let seen = state.wait(until: .now + patience) { state in
      state.isComplete || isWanted(String(decoding: state.bytes, as: UTF8.self))
    }
    return isWanted(String(decoding: seen.bytes, as: UTF8.self))
  }

  /// Blocks until all who could write have ended. False: not so before `deadline`.
  func awaitEnd(until deadline: ContinuousClock.Instant) -> Bool {
    state.wait(until: deadline) { $0.isComplete }.isComplete
  }

  /// Makes this its end for whoever waits.
  func stop() { state.change { $0.isComplete = true } }

  /// What comes, as it comes, from the beginning to the end.
  package var pieces: AsyncStream<[UInt8]> {
    AsyncStream { pieces in
      Thread.detachNewThread { [state] in
        var count = 0
        while true {
          // The program's own end bounds this; nobody waits for this thread.
          let seen = state.wait(until: .now + .seconds(3_600)) { $0.isComplete || $0.bytes.count > count }
          guard seen.bytes.count > count else { return pieces.finish() }
          pieces.yield(Array(seen.bytes[count...]))
          count = seen.bytes.count
        }
      }
    }
  }

  /// The lines, without their newlines, as they come.
  package var lines: AsyncStream<String> {
    AsyncStream { [pieces] lines in
      let reader = Task {
        var rest: [UInt8] = []
        for await piece in pieces {
          rest += piece
          while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            lines.yield(String(decoding: rest[..<end], as: UTF8.self))
            rest.removeFirst(end + 1)
          }
        }
        lines.finish()
      }
      lines.onTermination = { _ in reader.cancel() }
    }
  }
}
