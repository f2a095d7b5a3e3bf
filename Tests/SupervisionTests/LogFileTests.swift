import HeddleModel
import Supervision
import Testing

@Suite("a log on disk: what is written when")
struct LogFileTests {
  private let now = Instant(nanoseconds: 1_000)
  /// When it may be tried again.
  private let later = Instant(nanoseconds: 1_000 + UInt64(LogFile.patience.components.seconds) * 1_000_000_000)

  @Test("one batch is written at a time; what comes meanwhile is the next, in order")
  func batches() {
    var file = LogFile()
    #expect(file.append([1], at: now) == [1])
    #expect(file.append([2], at: now) == nil)
    #expect(file.append([3], at: now) == nil)
    #expect(file.isWriting)
    #expect(file.ended(.written, count: 1, at: now) == ([2, 3], nil))
    #expect(file.ended(.written, count: 2, at: now) == (nil, nil))
    #expect(file.isIdle)
  }

  @Test("a disk that is full is told once, left alone for a while, and tried again")
  func full() {
    var file = LogFile()
    _ = file.append([1, 2], at: now)
    _ = file.append([3], at: now)
    let (batch, news) = file.ended(.failed(errno: 28), count: 2, at: now)
    #expect(batch == nil && news == "cannot be written (errno 28): it is kept in memory alone")
    #expect(file.append([4], at: now) == nil)
    #expect(!file.isWriting && !file.isIdle)
    #expect(file.append([5], at: later) == [5])
    // Told already.
    #expect(file.ended(.failed(errno: 28), count: 1, at: now) == (nil, nil))
    #expect(file.append([6], at: later) == [6])
    #expect(file.ended(.written, count: 1, at: later) == (nil, "is written again; 5 bytes are missing in it"))
    #expect(file.isIdle)
  }

  @Test("a disk that is slow holds a bounded batch back, and what it lost is told")
  func slow() {
    var file = LogFile()
    let half = [UInt8](repeating: 1, count: LogFile.pendingBytesMax / 2)
    _ = file.append([0], at: now)
    for _ in 0..<3 { #expect(file.append(half, at: now) == nil) }
    let (batch, news) = file.ended(.written, count: 1, at: now)
    #expect(batch?.count == LogFile.pendingBytesMax)
    #expect(news == "is written again; \(half.count) bytes are missing in it")
  }

  @Test("a file makes room before it would exceed its bound, and of five the oldest is lost")
  func rotation() {
    #expect(!LogFile.isRotationDue(size: 0, adding: LogFile.bytesMax + 1))
    #expect(!LogFile.isRotationDue(size: LogFile.bytesMax - 1, adding: 1))
    #expect(LogFile.isRotationDue(size: LogFile.bytesMax - 1, adding: 2))
    let steps = LogFile.rotation(of: "a.log").map { "\($0.from) \($0.to)" }
    #expect(steps == ["a.log.3 a.log.4", "a.log.2 a.log.3", "a.log.1 a.log.2", "a.log a.log.1"])
  }
}
