import Daemon
import Foundation
import Glibc
import HeddleModel
import Testing

@Suite("a cluster's settings", .timeLimit(.minutes(1)))
struct ClusterSettingsTests {
  private static func settings(secretPath: String) throws -> ClusterSettings {
    let node = try EntityName("loom")
    return try ClusterSettings(
      cluster: try EntityName("mill"),
      node: node,
      listen: nil,
      peers: [],
      registrar: node,
      secretPath: secretPath,
      journalDirectory: "/nowhere"
    )
  }

  @Test("a FIFO in the secret's place is refused, and nobody waits for it")
  func fifo() async throws {
    // In a process of its own: an opening that waits for the FIFO's other end ends by the alarm.
    await #expect(processExitsWith: .success) {
      alarm(30)
      let path = "/tmp/heddle-secret-\(UUID().uuidString.prefix(8))"
      try #require(unsafe mkfifo(path, 0o600) == 0)
      defer { unsafe unlink(path) }
      let error = try #require(throws: DaemonError.self) { _ = try Self.settings(secretPath: path) }
      #expect(error.description.hasPrefix("cannot use the secret in \(path): it is no plain file; "))
    }
  }

  @Test("a secret is read without the space around it, and one of a plain file is taken")
  func plain() throws {
    let path = "/tmp/heddle-secret-\(UUID().uuidString.prefix(8))"
    let bytes = Data((String(repeating: "a1", count: 32) + "\n").utf8)
    try #require(FileManager.default.createFile(atPath: path, contents: bytes, attributes: [.posixPermissions: 0o600]))
    defer { unsafe unlink(path) }
    #expect(try Self.settings(secretPath: path).node.text == "loom")
  }
}
