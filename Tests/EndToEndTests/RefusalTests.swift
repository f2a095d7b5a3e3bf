import Foundation
import HeddleClient
import HeddleModel
import HeddleWire
import TestPrograms
import Testing

extension Promises {
  @Suite("what cannot be done is refused in a sentence, and service goes on", .timeLimit(.minutes(2)))
  struct RefusalTests {
    // MARK: - Programs

    @Test("a program that can't be executed: not found, not executable, no interpreter; a directory that is not there")
    func programs() async throws {
      try await Scene.play(with: DaemonProcess()) { scene in
        let script = scene.daemon.directory.appending(path: "script").path
        try Data("#!/no/such/interpreter\n".utf8).write(to: URL(filePath: script))
        _ = unsafe chmod(script, 0o755)
        for (words, directory, error, reason) in [
          (["no-such-program"], "/", ENOENT, "exec failed with errno 2"),
          (["/no/such/program"], "/", ENOENT, "exec failed with errno 2"),
          (["/etc/passwd"], "/", EACCES, "exec failed with errno 13"),
          (["/"], "/", EACCES, "exec failed with errno 13"),
          ([script], "/", ENOENT, "exec failed with errno 2"),
          (["true"], "/no/such/directory", ENOENT, "chdir failed with errno 2"),
        ] {
          var spawn = try scene.spawn(words[0])
          spawn.cwd = Array(directory.utf8)
          let refusal = await scene.refusal { _ = try await scene.client.spawn(spawn) }
          #expect(refusal?.code == .cannotStart && refusal?.errorNumber == error)
          #expect(refusal?.description.hasPrefix("cannot start \(words[0].split(separator: "/").last ?? "")") == true)
          #expect(refusal?.description.contains(": \(reason); the ") == true, "\(refusal?.description ?? "")")
        }
        try await scene.checkService()
        #expect(try await scene.client.list(includeDead: false) == [])
      }
    }

    @Test("a name that is taken; a custodian that is not there, exists already, or is being shut down")
    func places() async throws {
      try await Scene.play(with: DaemonProcess()) { scene in
        let client = scene.client
        let job = try CustodianPath(parsing: "job")
        let missing = await scene.refusal { _ = try await client.spawn(scene.spawn("true", in: job)) }
        #expect(
          missing?.description == "cannot start true in /main/job: there is no such custodian; "
            + "heddle custodian tree / lists them; heddle custodian new /main/job makes it"
        )
        #expect(missing?.code == .noSuchCustodian)
        try await client.custodianNew(job)
        let again = await scene.refusal { try await client.custodianNew(job) }
        #expect(again?.code == .pathTaken)
        #expect(
          again?.description == "cannot make custodian /main/job: it exists already; use it, or choose another path"
        )
        let holder = try await client.spawn(scene.spawn("sleep", "1000", name: "one", in: job))
        let taken = await scene.refusal { _ = try await client.spawn(scene.spawn("true", name: "one")) }
        #expect(taken?.code == .nameTaken)
        #expect(
          taken?.description == "cannot start one: thread id:\(holder.id) has this name and is not dead; "
            + "choose another name, or end that thread first"
        )
        // In one piece: the shutdown has begun, and its thread is not dead yet.
        let raw = try RawConnection(to: scene.daemon.socketPath)
        try raw.greet()
        let late = Request.Command.spawn(try scene.spawn("true", in: job))
        try raw.write(
          RawConnection.request(.custodianShutdown(job, follow: false), id: 1) + RawConnection.request(late, id: 2)
        )
        let answers = try [raw.next(), raw.next()].compactMap { $0 }
        let refusal = try answers.first { $0.header.id == 2 }.map { try WireRefusal(decoding: $0.body) }
        #expect(refusal?.code == .custodianShutDown)
        #expect(
          refusal?.description == "cannot start true: /main/job is shut down; name another custodian with --in"
        )
        try await scene.checkService()
      }
    }

    // MARK: - The socket

    @Test("a socket's path that is too long, relative, taken, or in no directory: the daemon leaves with a sentence")
    func sockets() async throws {
      let daemon = try DaemonProcess()
      defer { daemon.endIfRunning() }
      let directory = daemon.directory.path
      let file = directory + "/file"
      try Data("a diary".utf8).write(to: URL(filePath: file))
      let long = directory + "/" + String(repeating: "x", count: 100)
      for (path, sentence) in [
        (long, "cannot listen on \(long): a socket's path can be 107 bytes long, and this one has"),
        ("relative", "cannot listen at relative: its path is not absolute; name one from / on with --socket"),
        (
          daemon.socketPath,
          "cannot start a daemon at \(daemon.socketPath): process \(daemon.process.processIdentifier) is the daemon there; "
        ),
        (file, "cannot listen at \(file): there is a file that is no socket; name another with --socket"),
        (directory + "/a/b/c", "cannot make the directory \(directory)/a/b: No such file or directory; name another "),
      ] {
        let answer = try await Command.heddle("daemon", "--socket", path, at: path)
        #expect(answer.status == 1)
        #expect(answer.errors.contains("heddle: \(sentence)"), "\(answer.errors)")
      }
      #expect(try String(contentsOfFile: file, encoding: .utf8) == "a diary")
      #expect(try await Command.heddle("ps", at: daemon.socketPath).status == 0)
    }

    // MARK: - What the machine is short of

    @Test(
      "without descriptors for more connections the newest are closed, and those that are there can do all they could"
    )
    func connections() async throws {
      try await Scene.play(with: DaemonProcess(descriptors: 40)) { scene in
        let thread = try await scene.client.spawn(scene.spawn("sleep", "1000"))
        var open: [RawConnection] = []
        while try open.isEmpty || open[open.count - 1].isGreeted() {
          open.append(try RawConnection(to: scene.daemon.socketPath))
        }
        #expect((5..<40).contains(open.count))
        let error = await #expect(throws: ClientError.self) { _ = try await scene.connect() }
        #expect(error?.description.contains("; it may be short of descriptors (ulimit -n)") == true)
        // Neither of these takes a descriptor.
        try await scene.client.suspend(.id(thread.id))
        #expect(try await scene.client.kill(.id(thread.id)) == .died)
        let refused = await scene.refusal { _ = try await scene.client.spawn(scene.spawn("true")) }
        #expect(refused == nil || refused?.code == .cannotStart)
        open = []
        try await scene.client.barrier()
        try await scene.checkService()
        let other = try await scene.connect()
        try await other.barrier()
        await other.close()
      }
    }

    @Test(
      "where no process can be forked any more a start is refused, and kills and shutdowns are not",
      arguments: Rung.allCases
    )
    func processes(rung: Rung) async throws {
      guard geteuid() == 0 else { try Test.cancel("only root can start a daemon as another user") }
      // A user of the test's own: the limit is on all processes and threads of a user.
      let user = "\(UInt32.random(in: 100_000...1_000_000_000))"
      let prefix = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "prlimit", "--nproc=16"]
      let daemon: DaemonProcess
      do {
        daemon = try DaemonProcess(containment: rung.rawValue, prefix: prefix)
      } catch {
        try Test.cancel("another user can't have the rung \(rung), or can't execute what was built")
      }
      try await Scene.play(with: daemon) { scene async throws in
        var started: [ThreadInfo] = []
        var refusal: WireRefusal?
        while refusal == nil, started.count < 16 {
          refusal = await scene.refusal { started.append(try await scene.client.spawn(scene.spawn("sleep", "1000"))) }
        }
        #expect(refusal?.code == .cannotStart && refusal?.errorNumber == EAGAIN)
        #expect(refusal?.description.contains("the machine is short of something") == true)
        #expect(started.count >= 3)
        #expect(try await scene.client.list(includeDead: false).map(\.state) == started.map { _ in .running })
        #expect(try await scene.client.kill(.id(started[0].id)) == .died)
        // A warden, which counts too, exits behind the last word on its tree.
        await scene.awaitService()
        #expect(try await scene.client.custodianShutdown(.main).threads == started.count - 1)
      }
    }

    @Test("on a full disk a log is kept in memory alone, which is said once; no program waits for it or ends of it")
    func fullDisk() async throws {
      let directory = URL(filePath: "/tmp/heddle-\(UUID().uuidString)")
      let disk = directory.appending(path: "disk").path
      try FileManager.default.createDirectory(
        at: directory,
        withIntermediateDirectories: false,
        attributes: [.posixPermissions: 0o700]
      )
      try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: false)
      defer { try? FileManager.default.removeItem(at: directory) }
      guard unsafe mount("heddle-test", disk, "tmpfs", 0, "size=64k") == 0 else {
        try Test.cancel("only root, where it is allowed, can mount a small disk: errno \(errno)")
      }
      defer { _ = unsafe umount2(disk, Int32(MNT_DETACH)) }
      try await Scene.play(with: DaemonProcess(state: disk, in: directory)) { scene in
        let talker = try await scene.client.spawn(scene.spawn("seq", "1", "60000", name: "talker"))
        #expect(try await scene.client.wait(for: .id(talker.id)).death.cause == .exited(code: 0))
        #expect(try await scene.client.logs(of: .id(talker.id), tailLines: 1).text.elementsEqual("60000\n".utf8))
        let said = "talker.log cannot be written (errno 28): it is kept in memory alone"
        while !scene.daemon.log.contains(said) { try await scene.client.barrier() }
        try await scene.checkService()
        #expect(scene.daemon.log.split(separator: "\n").filter { $0.hasSuffix(said) }.count == 1)
      }
    }
  }
}

extension Scene {
  /// Why `body` was refused; nil if it was not, or failed otherwise, which is noted.
  fileprivate func refusal(of body: () async throws -> Void) async -> WireRefusal? {
    do {
      try await body()
    } catch let error as ClientError where error.refusal != nil {
      return error.refusal
    } catch {
      Issue.record(error)
    }
    return nil
  }

  /// Returns when programs can be started again.
  fileprivate func awaitService() async { while await refusal(of: { try await checkService() }) != nil {} }

  /// A program runs, and its output comes.
  fileprivate func checkService() async throws {
    let thread = try await client.spawn(spawn("echo", "at your service"))
    #expect(try await client.wait(for: .id(thread.id)).death.cause == .exited(code: 0))
    #expect(try await client.logs(of: .id(thread.id)).text.elementsEqual("at your service\n".utf8))
  }
}

extension RawConnection {
  /// Whether the supervisor answers.
  fileprivate func isGreeted() throws -> Bool { try write(Self.hello) && next()?.header.kind == .welcome }
}
