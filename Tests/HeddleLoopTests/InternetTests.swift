import Foundation
import HeddleLoop
import Testing

@Suite("TCP", .timeLimit(.minutes(1)))
struct InternetTests {
  @Test(
    "bytes go both ways over a loopback connection, and each end knows the other's address",
    arguments: ["127.0.0.1", "::1"]
  )
  func echo(host: String) async throws {
    let heard = Happenings(of: String.self)
    try await Scene.play { scene in
      let bound = try await scene.act { scene in
        let listener = try Listener(address: InternetAddress(host: host, port: 0), on: scene.loop) { result in
          guard case .success(let stream) = result else { return heard.tell("\(result)") }
          try? stream.startReading { bytes in
            _ = try? stream.write(bytes)
          } onEnd: { _ in
            stream.close()
          }
        }
        return try listener.localAddress
      }
      #expect(bound.host == host && bound.port != 0)
      try await scene.act { scene in
        var stream: ByteStream?
        stream = try ByteStream.connect(to: bound, on: scene.loop) { error in
          guard let stream, error == nil else { return heard.tell("\(String(describing: error))") }
          heard.tell((try? stream.remoteAddress) == bound ? "connected" : "to another")
          heard.tell((try? stream.localAddress.host) == host ? "from here" : "from elsewhere")
          try? stream.startReading { bytes in
            heard.tell(unsafe bytes.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) })
          } onEnd: { _ in
          }
        }
        try stream?.write(Array("hello".utf8))
      }
      #expect(try await heard.next(3) == ["connected", "from here", "hello"])
    }
  }

  @Test("a port where nobody listens refuses, and the stream is closed")
  func refused() async throws {
    let heard = Happenings(of: Int32.self)
    try await Scene.play { scene in
      try await scene.act { scene in
        let listener = try Listener(address: InternetAddress(host: "127.0.0.1", port: 0), on: scene.loop) { _ in }
        let address = try listener.localAddress
        listener.close()
        _ = try ByteStream.connect(to: address, on: scene.loop) { heard.tell($0?.code ?? 0) }
      }
      #expect(try await heard.next() == ECONNREFUSED)
    }
  }

  @Test("a port that is taken is refused by name, and so is a host that is no number")
  func errors() async throws {
    try await Scene.play { scene in
      try await scene.act { scene in
        let listener = try Listener(address: InternetAddress(host: "127.0.0.1", port: 0), on: scene.loop) { _ in }
        let address = try listener.localAddress
        let taken = #expect(throws: LoopError.self) { try Listener(address: address, on: scene.loop) { _ in } }
        #expect(taken?.code == EADDRINUSE)
        #expect(taken?.description.contains("\(address)") == true)
        let named = InternetAddress(host: "localhost", port: 1)
        let error = #expect(throws: LoopError.self) { try Listener(address: named, on: scene.loop) { _ in } }
        #expect(error?.code == EINVAL)
      }
    }
  }
}
