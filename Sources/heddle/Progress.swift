internal import Glibc
internal import HeddleClient
internal import Synchronization

/// One line at the bottom of a terminal, on standard error, that says what is waited for: drawn again as time passes, moved
/// out of the way of what is printed, and gone in the end. Where there is no terminal there is nothing of it.
final class Progress: Sendable {
  private struct State {
    /// What the line says now; nil when nothing is waited for.
    var text: @Sendable () -> String? = { nil }
    var isDrawn = false
  }

  private let state = Mutex(State())
  private let isShown: Bool

  /// - Parameter isWanted: whether anything but results and errors is to be written at all.
  init(isWanted: Bool) { isShown = isWanted && isatty(STDERR_FILENO) == 1 }

  /// Calls `body`, and draws the line until that returns.
  ///
  /// - Parameter text: what the line says at the time.
  func during<Result>(
    _ text: @escaping @Sendable () -> String?,
    _ body: () async throws -> Result
  ) async rethrows -> Result {
    guard isShown else { return try await body() }
    state.withLock { $0.text = text }
    let drawer = Task {
      while !Task.isCancelled {
        redraw()
        try? await Task.sleep(for: .milliseconds(200))
      }
    }
    defer {
      drawer.cancel()
      state.withLock {
        $0.text = { nil }
        Self.clear(&$0)
      }
    }
    return try await body()
  }

  /// Prints a part of the result above the line.
  func write(_ text: String) {
    state.withLock {
      Self.clear(&$0)
      Output.write(text)
    }
    redraw()
  }

  private func redraw() {
    guard isShown else { return }
    state.withLock {
      Self.clear(&$0)
      guard let text = $0.text() else { return }
      // A line that wraps could not be taken back.
      Output.writeError(String(text.prefix(max(1, (Output.columns(of: STDERR_FILENO) ?? 80) - 1))))
      $0.isDrawn = true
    }
  }

  /// Carriage return, and "erase in line"; ECMA-48.
  private static func clear(_ state: inout State) {
    if state.isDrawn { Output.writeError("\r\u{1B}[K") }
    state.isDrawn = false
  }
}

/// Threads that were asked to end, and what becomes of those that do not.
struct Waiting: Equatable, Sendable {
  enum Stage: Equatable, Sendable {
    case asked
    case terminated
    case killed
  }

  /// What they are called, in the order in which they are named.
  var names: [String]
  private(set) var stage = Stage.asked
  private var stageBegin: Duration
  /// When they are killed; nil if they have been.
  private var end: Duration?

  /// - Parameters:
  ///   - now: on any clock, as everywhere here.
  ///   - grace: how long they have.
  init(for names: [String], from now: Duration, grace: Duration) {
    self.names = names
    stageBegin = now
    end = now + grace
  }

  mutating func enter(_ stage: Stage, at now: Duration) {
    self.stage = stage
    stageBegin = now
    if stage == .killed { end = nil }
  }

  /// "waiting for 2: db, web (TERM sent 3.1s ago, KILL in 6.9s)"; nil when it is for none.
  func text(at now: Duration) -> String? {
    guard !names.isEmpty else { return nil }
    let ago = Self.tenths(now - stageBegin)
    let past =
      switch stage {
      case .asked: "asked \(ago) ago"
      case .terminated: "TERM sent \(ago) ago"
      case .killed: "KILL sent \(ago) ago"
      }
    let future = end.map { ", KILL in \(Self.tenths(max(.zero, $0 - now)))" } ?? ""
    return "waiting for \(names.count): \(names.joined(separator: ", ")) (\(past)\(future))"
  }

  /// "3.1s"
  private static func tenths(_ duration: Duration) -> String {
    let tenths = Int(duration / .milliseconds(100))
    return "\(tenths / 10).\(tenths % 10)s"
  }
}
