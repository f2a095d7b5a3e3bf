import Foundation
import HeddleClient
import HeddleModel
import HeddleWire
import TestPrograms
import Testing

extension Promises {
  @Suite("who may do what", .timeLimit(.minutes(1)))
  struct AuthorityTests {
    // MARK: - Users

    @Test(
      "the socket and its directory are their user's alone, and another user is refused by either, or by its number"
    )
    func users() async throws {
      let daemon = try DaemonProcess()
      defer { daemon.endIfRunning() }
      #expect(try Self.mode(of: daemon.directory.path) == 0o700)
      #expect(try Self.mode(of: daemon.socketPath) == 0o600)
      #expect(try await Command.heddle("ps", at: daemon.socketPath).status == 0)
      guard geteuid() == 0, try await nobody("version", at: daemon.socketPath).status == 0 else {
        try Test.cancel("only root can become another user, and that one has to reach what was built")
      }
      let byDirectory = try await nobody("ps", at: daemon.socketPath)
      #expect(byDirectory.status == 5 && byDirectory.errors.contains("permission denied"), "\(byDirectory.errors)")
      _ = unsafe chmod(daemon.directory.path, 0o755)
      let bySocket = try await nobody("ps", at: daemon.socketPath)
      #expect(bySocket.status == 5 && bySocket.errors.contains("permission denied"), "\(bySocket.errors)")
      _ = unsafe chmod(daemon.socketPath, 0o666)
      let byNumber = try await nobody("ps", at: daemon.socketPath)
      #expect(byNumber.status == 6 && byNumber.errors.contains("another user's"), "\(byNumber.errors)")
      #expect(daemon.log.contains("refused a connection of user 65534"))
      #expect(try await Command.heddle("ps", at: daemon.socketPath).status == 0)
    }

    private static func mode(of path: String) throws -> Int? {
      try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    /// Runs `heddle` as the user nobody.
    private func nobody(_ word: String, at socketPath: String) async throws -> Command {
      try await Command.run(
        URL(filePath: "/usr/bin/env"),
        ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
          + [Command.binDirectory.appending(path: "heddle").path, word],
        environment: ["HEDDLE_SOCKET": socketPath]
      )
    }

    // MARK: - Custodians

    @Test("suspend and kill take authority over both managers of a thread: not one's, nor one's beside or below")
    func twoManagers() async throws {
      try await Scene.play(with: DaemonProcess()) { scene in
        let target = try await startUnderTwo(scene)
        for path in ["a", "b", "a/below", "beside"].map({ "/main/\($0)" }) {
          let client = try await scene.connect(as: try CustodianPath(parsing: path))
          for order in [{ try await $0.suspend(.id(target)) }, { _ = try await $0.kill(.id(target)) }]
            as [(Supervisor) async throws -> Void]
          {
            let error = await #expect(throws: ClientError.self, "\(path)") { try await order(client) }
            #expect(error?.refusal?.code == .permission)
            #expect(error?.description.contains("ask from a custodian above all of its custodians") == true)
          }
          await client.close()
        }
        #expect(try await scene.client.find(.id(target)).state == .running)
        let above = try await scene.connect(as: .main)
        try await above.suspend(.id(target))
        #expect(try await scene.client.find(.id(target)).state == .suspended)
        #expect(try await above.kill(.id(target)) == .died)
        await above.close()
      }
    }

    @Test("a worker has the authority of the custodian that it was made under, and no other")
    func workers() async throws {
      try await Scene.play(with: DaemonProcess()) { scene in
        let target = try await startUnderTwo(scene)
        for path in ["a", "b", "a/below", "beside"].map({ "/main/\($0)" }) {
          #expect(try await attempts(at: path, on: target, scene) == "permission\npermission\n", "\(path)")
          #expect(try await scene.client.find(.id(target)).state == .running)
        }
        #expect(try await attempts(at: "/main", on: target, scene) == "done\ndone\n")
        #expect(try await scene.client.find(.id(target)).state == .dead)
      }
    }

    /// A thread that /main/a manages, and /main/b as well.
    private func startUnderTwo(_ scene: Scene) async throws -> ThreadID {
      for path in ["a", "b", "a/below", "beside"] { try await scene.client.custodianNew(CustodianPath(parsing: path)) }
      let (a, b) = (try CustodianPath(parsing: "a"), try CustodianPath(parsing: "b"))
      let thread = try await scene.client.spawn(scene.spawn("sleep", "1000", in: a)).id
      try await scene.client.resume(.id(thread), benefactor: .custodian(b))
      #expect(try await scene.client.find(.id(thread)).custodians == [a, b])
      return thread
    }

    /// What a worker that is made under `path` hears when it tries to suspend and to kill.
    private func attempts(at path: String, on target: ThreadID, _ scene: Scene) async throws -> String {
      let spawn = try scene.spawn(
        "heddle-test-worker",
        "attempt",
        "\(target)",
        in: CustodianPath(parsing: path),
        channel: .frames
      )
      let worker = try await scene.client.spawn(spawn).id
      #expect(try await scene.client.wait(for: .id(worker)).death.cause == .exited(code: 0))
      return String(decoding: try await scene.client.logs(of: .id(worker)).text, as: UTF8.self)
    }
  }
}
