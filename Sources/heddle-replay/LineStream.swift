internal import HeddleLoop

/// Lines of UTF-8 text over a stream, both ways, without their newlines. Confined to the stream's loop.
///
/// It closes itself at the stream's end, also at an error: whoever was there is gone.
final class LineStream {
  /// The longest line, in bytes. Both ends are this program, whose lines are far shorter.
  private static let lineMax = 64 << 10

  private let stream: ByteStream
  private let onLine: (String) -> Void
  private let onEnd: () -> Void
  /// What has come of the next line.
  private var beginning: [UInt8] = []

  /// - Parameters:
  ///   - stream: is this object's from here on.
  ///   - onEnd: called once, unless `close()` was called before.
  init(_ stream: ByteStream, onLine: @escaping (String) -> Void, onEnd: @escaping () -> Void) throws(LoopError) {
    self.stream = stream
    self.onLine = onLine
    self.onEnd = onEnd
    try stream.startReading {
      self.receive($0)
    } onEnd: { _ in
      self.end()
    }
  }

  /// Sends a line after those before it. No effect when the other end is gone.
  func write(_ line: String) {
    guard stream.isOpen else { return }
    do throws(LoopError) { try stream.write(Array("\(line)\n".utf8)) } catch { end() }
  }

  func close() { stream.close() }

  private func receive(_ bytes: Span<UInt8>) {
    for index in bytes.indices where stream.isOpen {
      if bytes[index] == UInt8(ascii: "\n") {
        onLine(String(decoding: beginning, as: UTF8.self))
        beginning.removeAll(keepingCapacity: true)
      } else {
        guard beginning.count < Self.lineMax else { return end() }
        beginning.append(bytes[index])
      }
    }
  }

  private func end() {
    guard stream.isOpen else { return }
    stream.close()
    onEnd()
  }
}
