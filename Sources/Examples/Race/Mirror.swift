import Foundation

/// A server that has the page, and gives it to one client, slowly.
struct Mirror: Sendable {
  static let pageSize = 20_000
  private static let pieceSize = 1_000

  enum Ending: Sendable {
    case servedAll
    /// The client hung up after so many bytes.
    case hungUp(after: Int)
    case failed(any Error)
  }

  let name: String
  let port: UInt16
  private let listener: Socket
  /// The milliseconds that it takes for each piece of the page.
  private let pace: Int32

  init(_ name: String, pace: Int32) throws {
    self.name = name
    self.pace = pace
    listener = try Socket(listening: ())
    port = try listener.port
  }

  /// Serves one client on an operating-system thread of its own; `report` is called there at the end.
  func start(_ report: @escaping @Sendable (Ending) -> Void) {
    Thread.detachNewThread {
      do { report(try serve()) } catch { report(.failed(error)) }
    }
  }

  private func serve() throws -> Ending {
    let client = try listener.accept()
    for sent in stride(from: 0, to: Self.pageSize, by: Self.pieceSize) {
      if try client.isHungUp(within: pace) { return .hungUp(after: sent) }
      try client.send([UInt8](repeating: UInt8(ascii: "~"), count: Self.pieceSize))
    }
    return .servedAll
  }
}
