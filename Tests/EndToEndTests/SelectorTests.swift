import Foundation
import TestPrograms
import Testing

@Suite("selectors and common options, from a shell", .serialized, .timeLimit(.minutes(1)))
struct SelectorTests {
  private func start(_ names: String..., at place: String, in custodian: String = "/main") async throws {
    for name in names {
      let run = try await Command.heddle(
        "run",
        "-d",
        "-q",
        "--in",
        custodian,
        "--name",
        name,
        "--",
        "sleep",
        "1000",
        at: place
      )
      #expect(run.status == 0 && run.output.isEmpty, "\(run.errors)")
    }
  }

  private func state(_ name: String, at place: String) async throws -> String {
    try await Command.heddle("ps", name, at: place).output
  }

  @Test("a pattern means all whose name matches, and a custodian all that is in it")
  func several() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    try await start("web.1", "web.2", "db", at: place)
    _ = try await Command.heddle("custodian", "new", "job", at: place)
    try await start("step", at: place, in: "job")
    #expect(try await Command.heddle("suspend", "web.*", "@job", at: place).status == 0)
    for name in ["web.1", "web.2", "step"] { #expect(try await state(name, at: place).contains("suspended")) }
    #expect(try await state("db", at: place).contains("running"))
    #expect(try await Command.heddle("kill", "@/", at: place).status == 0)
    #expect(try await Command.heddle("ps", at: place).output == "NAME  STATE  AGE  CUSTODIAN  LAST\n")
    #expect(try await Command.heddle("kill", "web.*", at: place).status == 4)
    #expect(try await Command.heddle("kill", "@job", at: place).status == 4)
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("any of several counts for sync, and wait waits for all of them and exits as the first that failed")
  func waiting() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    try await start("a.1", "a.2", at: place)
    _ = try await Command.heddle("suspend", "a.2", at: place)
    let sync = try await Command.heddle("sync", "suspended:a.*", "dead:a.*", at: place)
    #expect(sync.output == "suspended:a.*\n", "\(sync.errors)")
    for (name, status) in [("good", "0"), ("bad", "3"), ("worse", "9")] {
      _ = try await Command.heddle("run", "-d", "--name", name, "--", "sh", "-c", "exit \(status)", at: place)
    }
    #expect(try await Command.heddle("wait", "good", "bad", "worse", at: place).status == 3)
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("a name that is not there is answered with the nearest that is")
  func hint() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    try await start("ticker", at: place)
    let thread = try await Command.heddle("suspend", "tikcer", at: place)
    #expect(thread.status == 4 && thread.errors.contains("did you mean ticker?"), "\(thread.errors)")
    _ = try await Command.heddle("custodian", "new", "job", at: place)
    let custodian = try await Command.heddle("kill", "@jobb", at: place)
    #expect(custodian.status == 4 && custodian.errors.contains("did you mean /main/job?"), "\(custodian.errors)")
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("JSON is one document, of the threads as they are afterwards")
  func json() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    try await start("a", at: place)
    let suspended = try await Command.heddle("suspend", "--json", "a", at: place)
    let list = try #require(try JSONSerialization.jsonObject(with: Data(suspended.output.utf8)) as? [String: Any])
    #expect(list["v"] as? Int == 1)
    let thread = try #require((list["threads"] as? [[String: Any]])?.first)
    #expect(thread["name"] as? String == "a" && thread["state"] as? String == "THREAD_STATE_SUSPENDED")
    #expect(thread["command"] as? [String] == ["sleep", "1000"])
    let reference = try #require(thread["reference"] as? String)
    #expect(try await Command.heddle("kill", reference, at: place).status == 0)
    let waited = try await Command.heddle("wait", "--json", "a", at: place)
    #expect(waited.status == 137)
    #expect(waited.output.contains("killed"), "\(waited.output)")
    #expect(
      try await Command.heddle("sync", "--json", "gone=dead:a", at: place).output
        == #"{"v":1,"event":"gone","place":0}"# + "\n"
    )
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("a verb gives up when its time is up, and says so")
  func timeout() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    try await start("a", at: place)
    let wait = try await Command.heddle("wait", "a", "--timeout", "50ms", at: place)
    #expect(wait.status == 124 && wait.errors == "heddle: gave up after 50ms\n")
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("of several, each failure is told, and the others are done")
  func someFail() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    try await start("a", at: place)
    let kill = try await Command.heddle("suspend", "a", "nobody", at: place)
    #expect(kill.status == 4)
    #expect(try await state("a", at: place).contains("running"))
    #expect(daemon.end(SIGTERM) == 0)
  }
}
