/// example-slices: gives a busy C program 50 milliseconds at a time, until it is done.
///
/// The program, `example-busy`, never waits and knows nothing of heddle. As a thread of a supervisor it is run by a
/// coroutine like any other, and truly preempted. It takes a daemon: `heddle daemon`.
import HeddleClient
import HeddleThreads

await LocalThread.runMain {
  let supervisor = try await Supervisor.connect()
  let steps = CommandLine.arguments.count > 1 ? CommandLine.arguments[1] : "300"
  let busy = try await supervisor.spawn(Program(neighbour("example-busy"), steps))
  let work = try await Coroutine(over: busy)
  var slices = 1
  while try await !work.run(for: .milliseconds(50)) {
    print("slice \(slices) is over, and \(try await busy.isRunning() ? "it runs on" : "it stands still")")
    slices += 1
  }
  print("done in \(slices) slices: \(String(decoding: try await busy.log(), as: UTF8.self))", terminator: "")
}

/// The path of a program beside this one.
func neighbour(_ name: String) -> String {
  let own = CommandLine.arguments[0].split(separator: "/", omittingEmptySubsequences: false).dropLast()
  return (own + [name[...]]).joined(separator: "/")
}
