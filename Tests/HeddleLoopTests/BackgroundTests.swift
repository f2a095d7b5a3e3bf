import Foundation
import HeddleLoop
import Testing

@Suite("processes and sockets of others", .timeLimit(.minutes(1)))
struct BackgroundTests {
  @Test("a program in the background has a session, a directory and descriptors of its own, and its end is seen")
  func background() async throws {
    let output = Pipe()
    let report = Pipe()
    // One more that is not for it.
    let leak = dup(output.fileHandleForWriting.fileDescriptor)
    defer { close(leak) }
    let script = """
      echo $$ $(ps -o sid= -p $$) $(pwd)
      i=0; while [ $i -lt 256 ]; do [ -e /proc/$$/fd/$i ] && echo descriptor $i; i=$((i + 1)); done
      read x; echo end >&3
      """
    let pid = try BackgroundProcess.start(
      "/bin/sh",
      arguments: ["-c", script],
      output: output.fileHandleForWriting.fileDescriptor,
      report: report.fileHandleForWriting.fileDescriptor
    )
    let loop = try EventLoop.start()
    await ForeignProcess(pid)?.end(beside: loop)
    loop.stop()
    let said = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    #expect(said == "\(pid) \(pid) /\n" + (0...3).map { "descriptor \($0)\n" }.joined())
    #expect(String(decoding: report.fileHandleForReading.availableData, as: UTF8.self) == "end\n")
    var status: Int32 = 0
    #expect(unsafe waitpid(pid, &status, 0) == pid && status == 0)
    #expect(ForeignProcess(pid) == nil)
  }

  @Test("a program that is not there is no process")
  func missing() {
    #expect(throws: LoopError.self) {
      try BackgroundProcess.start("/nowhere", arguments: [], output: STDERR_FILENO, report: STDERR_FILENO)
    }
  }
}
