import Foundation
import HeddleClient
import HeddleLoop
import HeddleModel
import HeddleWire
import Testing

/// What a client meets at a socket, doing nothing but what the test says.
actor Peer {
  nonisolated let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }
  private let frames: AsyncStream<Frame>
  private let heard: AsyncStream<Frame>.Continuation
  private var connection: ByteStream?
  private var reader = FrameReader(bodyMax: BodyLimit.usual)

  private init(at path: String, on loop: EventLoop) async throws {
    self.loop = loop
    (frames, heard) = AsyncStream.makeStream()
    try listen(at: path)
  }

  private func listen(at path: String) throws(LoopError) {
    _ = try Listener(path: path, on: loop) { connection in
      guard case .success(let stream) = connection else { return }
      self.connection = stream
      try? stream.startReading {
        self.hear($0)
      } onEnd: { _ in
        self.hangUp()
      }
    }
  }

  private func hear(_ chunk: Span<UInt8>) {
    var offset = 0
    while let frame = try? reader.next(in: chunk, at: &offset) { heard.yield(frame) }
  }

  /// The client's next frame, but for those that ask for an ack.
  nonisolated func next() async throws -> Frame {
    for await frame in frames where frame.header.kind != .ack { return frame }
    throw CancellationError()
  }

  /// The client's next frame.
  nonisolated func nextOfAny() async throws -> Frame {
    for await frame in frames { return frame }
    throw CancellationError()
  }

  /// The client's next frame, which is a request, with its identifier.
  nonisolated func nextRequest() async throws -> (RequestID, Request) {
    let frame = try await next()
    try #require(frame.header.kind == .request)
    return (RequestID(rawValue: frame.header.id), try Request(decoding: frame.body))
  }

  func say(_ words: @Sendable (inout FrameWriter) throws -> Void) throws {
    var writer = FrameWriter(bodyMax: BodyLimit.usual)
    try words(&writer)
    try sayBytes(writer.take())
  }

  func sayBytes(_ bytes: [UInt8]) throws { try connection?.write(bytes) }

  func hangUp() {
    connection?.close()
    heard.finish()
  }

  static let welcome = Welcome(
    version: 1,
    bodyMax: BodyLimit.usual,
    node: "loom",
    incarnation: 1,
    daemonPID: 1,
    daemonVersion: "test"
  )

  /// Plays a test between a peer and whoever connects to its path, on one loop.
  static func play(_ body: (Peer, _ path: String) async throws -> Void) async throws {
    // Not in the temporary directory, whose path may be too long for a socket.
    let directory = "/tmp/heddle-client-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let loop = try EventLoop.start()
    defer { loop.stop() }
    try await body(Peer(at: directory + "/s", on: loop), directory + "/s")
  }

  /// The same, with a client that is connected.
  static func playConnected(
    as authority: CustodianPath? = nil,
    window: Int = 1 << 20,
    welcome: Welcome = welcome,
    _ body: (Peer, Supervisor) async throws -> Void
  ) async throws {
    try await play { peer, path in
      async let connected = Supervisor.connect(
        to: path,
        clientName: "test",
        as: authority,
        windowBytesMax: window,
        on: peer.loop
      )
      _ = try await peer.next()
      try await peer.say { try $0.welcome(welcome) }
      let supervisor = try await connected
      try await body(peer, supervisor)
      await supervisor.close()
    }
  }
}
