import HeddleLoop
import Testing

@Suite("An acceptor", .timeLimit(.minutes(1)))
struct AcceptorTests {
  @Test(
    "who is not accepted waits in the backlog and is counted, over TCP and over a Unix socket",
    arguments: [true, false]
  )
  func waiting(isUnix: Bool) async throws {
    try await withTemporaryDirectory { directory in
      let waiting = Happenings(of: Int?.self)
      try await Scene.play { scene in
        try await scene.act { scene in
          let here = InternetAddress(host: "127.0.0.1", port: 0)
          let path = "\(directory)/s"
          let socket =
            isUnix
            ? try ListeningSocket(path: path, backlog: 8)
            : try ListeningSocket(address: here, backlog: 8, reusesAddress: true)
          let address = isUnix ? nil : try socket.localAddress
          var acceptor: Acceptor?
          acceptor = try Acceptor(socket, on: scene.loop) { stream in
            stream.close()
            acceptor?.pause()
            waiting.tell(acceptor?.waitingCount)
            // A pause is heeded, whatever is said here.
            return true
          } onTrouble: { _ in
          }
          var connectedCount = 0
          let onConnected: (LoopError?) -> Void = { error in
            if error == nil { connectedCount += 1 }
            guard connectedCount == 3 else { return }
            waiting.tell(acceptor?.waitingCount)
            acceptor?.goOn()
          }
          for _ in 0..<3 {
            if let address {
              _ = try ByteStream.connect(to: address, on: scene.loop, onConnected: onConnected)
            } else {
              _ = try ByteStream.connect(to: path, on: scene.loop, onConnected: onConnected)
            }
          }
        }
        #expect(try await waiting.next(2) == [3, 2])
      }
    }
  }
}
