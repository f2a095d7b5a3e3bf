import Daemon
import HeddleLoop
import Testing

@Suite("addresses of links")
struct LinkAddressTests {
  @Test(
    "an address is read as it is written",
    arguments: [
      ("127.0.0.1:7000", .loopback(InternetAddress(host: "127.0.0.1", port: 7_000))),
      ("localhost:1", .loopback(InternetAddress(host: "127.0.0.1", port: 1))),
      ("127.9.9.9:80", .loopback(InternetAddress(host: "127.9.9.9", port: 80))),
      ("[::1]:7000", .loopback(InternetAddress(host: "::1", port: 7_000))),
      ("unix:/tmp/l.sock", .unix("/tmp/l.sock")), ("exec:ssh b heddle link", .command("ssh b heddle link")),
    ] as [(String, LinkAddress)]
  )
  func good(text: String, address: LinkAddress) throws {
    #expect(try LinkAddress(parsing: text) == address)
    #expect(try LinkAddress(parsing: address.description) == address)
  }

  @Test(
    "what would go over a network in the clear, or nowhere, is refused",
    arguments: [
      "192.0.2.1:7000", "0.0.0.0:7000", "[::]:7000", "example.org:7000", "127.0.0.1", "127.0.0.1:70000",
      "127.evil.org:7",
      "unix:relative", "exec:", "",
    ]
  )
  func bad(text: String) {
    #expect(throws: DaemonError.self) { try LinkAddress(parsing: text) }
  }
}
