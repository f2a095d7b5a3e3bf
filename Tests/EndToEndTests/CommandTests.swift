import Foundation
import HeddleClient
import HeddleLoop
import HeddleModel
import HeddleWire
import TestPrograms
import Testing

@Suite("the command, from a shell", .serialized, .timeLimit(.minutes(1)))
struct CommandTests {
  @Test("without a daemon the status is 6, and the sentence says how to start one")
  func noDaemon() async throws {
    let answer = try await Command.heddle("ps", at: "/tmp/heddle-\(UUID().uuidString).sock")
    #expect(answer.status == 6)
    #expect(answer.errors.contains("heddle daemon"))
  }

  @Test("wait leaves with the program's own status; a thread that is not there is 4 for ps and 125 for wait")
  func statuses() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    #expect(try await Command.heddle("run", "-d", "--name", "seven", "--", "sh", "-c", "exit 7", at: place).status == 0)
    #expect(try await Command.heddle("wait", "seven", at: place).status == 7)
    #expect(try await Command.heddle("suspend", "nobody", at: place).status == 4)
    #expect(try await Command.heddle("wait", "nobody", at: place).status == 125)
    #expect(try await Command.heddle("run", "-d", "--", "no-such-program", at: place).status == 127)
    #expect(try await Command.heddle("explode", at: place).status == 2)
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("an unmodified sort gets its lines, and gives them back sorted at the end of mail")
  func sort() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    _ = try await Command.heddle("run", "-d", "--name", "order", "--channel", "lines", "--", "sort", at: place)
    _ = try await Command.heddle("send", "order", "--lines", "--end", at: place, input: "pear\napple\nfig\n")
    #expect(try await Command.heddle("wait", "order", at: place).status == 0)
    #expect(try await Command.heddle("logs", "order", at: place).output == "apple\nfig\npear\n")
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("mail from the shell reaches a worker on its descriptor 3")
  func frames() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    let worker = Command.binDirectory.appending(path: "heddle-test-worker").path
    let run = try await Command.heddle(
      "run",
      "-d",
      "--name",
      "ear",
      "--channel",
      "frames",
      "--",
      worker,
      "report",
      at: place
    )
    #expect(run.status == 0, "\(run.errors)")
    _ = try await Command.heddle("send", "ear", "hello", at: place)
    _ = try await Command.heddle("send", "ear", "--end", at: place)
    #expect(try await Command.heddle("wait", "ear", at: place).status == 0)
    #expect(try await Command.heddle("logs", "ear", at: place).output.hasSuffix("\nmail hello\nend\n"))
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("a thread's own programs find the daemon, and act in the name of the thread's custodian")
  func inside() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    let heddle = Command.binDirectory.appending(path: "heddle").path
    _ = try await Command.heddle("custodian", "new", "job", at: place)
    _ = try await Command.heddle("run", "-d", "--name", "beside", "--", "sleep", "1000", at: place)
    _ = try await Command.heddle(
      "run",
      "-d",
      "--name",
      "parent",
      "--in",
      "job",
      "--",
      "sh",
      "-c",
      "\(heddle) run -d --name child -- sleep 1000; \(heddle) kill beside; echo $?; \(heddle) kill child; echo $?",
      at: place
    )
    #expect(try await Command.heddle("wait", "parent", at: place).status == 0)
    let log = try await Command.heddle("logs", "parent", at: place).output
    #expect(log.contains("child  id 3  running  (custodian /main/job)"))
    #expect(log.contains("\n5\n"))
    #expect(log.hasSuffix("0\n"))
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("two hundred threads come and go, and leave no descriptor in the daemon")
  func many() async throws {
    let daemon = try DaemonProcess()
    let loop = try EventLoop.start()
    let client = try await Supervisor.connect(to: daemon.socketPath, clientName: "tests", on: loop)
    func descriptors() throws -> Int {
      try FileManager.default.contentsOfDirectory(atPath: "/proc/\(daemon.process.processIdentifier)/fd").count
    }
    func threads(_ count: Int) async throws {
      var all: [ThreadReference] = []
      for _ in 0..<count { all.append(try await client.start("exec sleep 1000")) }
      for thread in all { _ = try await client.kill(thread) }
    }
    try await threads(1)
    let before = try descriptors()
    try await threads(200)
    #expect(try descriptors() == before)
    await client.close()
    loop.stop()
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test(
    "without descriptors for its pipes a program is ended with that cause; the others go on, and so does the daemon"
  )
  func descriptors() async throws {
    let daemon = try DaemonProcess(descriptors: 40)
    let loop = try EventLoop.start()
    let client = try await Supervisor.connect(to: daemon.socketPath, clientName: "tests", on: loop)
    for _ in 0..<20 { _ = try? await client.start("echo hello; exec sleep 1000") }
    let all = try await client.list(includeDead: true)
    let heard = all.filter { $0.state != .dead && $0.state != .ending }
    #expect(!heard.isEmpty && heard.count < 20)
    for thread in all where !heard.contains(thread) {
      let death = try await client.wait(for: .id(thread.id)).death
      #expect(death.cause == .killed(by: "want of descriptors in the supervisor"))
    }
    for thread in heard { _ = try await client.kill(.id(thread.id)) }
    let later = try await client.start("echo again")
    _ = try await client.wait(for: later)
    #expect(try await client.logs(of: later).text.elementsEqual("again\n".utf8))
    await client.close()
    loop.stop()
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("SIGTERM lets a program that ends by itself do so, and the daemon leaves with status 0 and without its socket")
  func terminate() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    let file = "/tmp/heddle-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: file) }
    _ = try await Command.heddle(
      "run",
      "-d",
      "--name",
      "polite",
      "--",
      "sh",
      "-c",
      "trap 'echo bye > \(file); exit' TERM; echo ready; while :; do sleep 0.01; done",
      at: place
    )
    while try await Command.heddle("logs", "polite", at: place).output.isEmpty {}
    #expect(daemon.end(SIGTERM) == 0)
    #expect(try String(contentsOfFile: file, encoding: .utf8) == "bye\n")
    #expect(!FileManager.default.fileExists(atPath: place))
  }
}
