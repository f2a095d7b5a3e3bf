/// Bytes that have come and were not taken: first in, first out. Empty, it holds no memory.
struct ByteQueue {
  private var storage: [UInt8] = []
  /// Where the first byte is.
  private var head = 0

  var count: Int { storage.count - head }
  var isEmpty: Bool { count == 0 }

  mutating func append(_ bytes: Span<UInt8>) {
    unsafe bytes.withUnsafeBufferPointer { unsafe storage.append(contentsOf: $0) }
  }

  /// Takes the first `count` bytes out, of which there are so many. All of them are handed over without a copy.
  mutating func removeFirst(_ count: Int) -> [UInt8] {
    if head == 0, count == storage.count {
      defer { storage = [] }
      return storage
    }
    let taken = Array(storage[head..<head + count])
    head += count
    if head == storage.count {
      (storage, head) = ([], 0)
    } else if head > storage.count / 2 {
      // Each byte is moved at most once for one that was taken.
      storage.removeSubrange(..<head)
      head = 0
    }
    return taken
  }

  /// Up to `count` bytes from the one at `offset` on, which stay.
  func bytes(from offset: Int, count: Int) -> [UInt8] {
    let start = min(head + offset, storage.count)
    return Array(storage[start..<min(start + count, storage.count)])
  }

  /// Where `byte` is for the first time, from `offset` on.
  func firstIndex(of byte: UInt8, from offset: Int) -> Int? {
    storage[(head + offset)...].firstIndex(of: byte).map { $0 - head }
  }
}
