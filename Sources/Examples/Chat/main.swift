// A chat with rooms, a line at a time: `example-chat 7000`, then `nc 127.0.0.1 7000` in other terminals. Each guest is a
// connection with two threads: one listens to the guest, a helper speaks. What the others say is mail for the helper, of which
// so much may wait; who does not listen for longer than that is shown out by a break. A guest's threads end together, by
// the connection's custodian, whether the guest leaves, hangs up or is shown out.

import Glibc
import HeddleServer
import HeddleThreads

await LocalThread.runMain {
  // 0 is a port of the system's choice.
  let port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 7_000
  let lobby = Lobby()
  try await runServer(
    port: max(port, 1),
    onError: { say("a guest left: \($0)") },
    listen: { _, backlog, reuses in
      let listener = try await Listener(port: port, host: "127.0.0.1", backlog: backlog, reusesAddress: reuses)
      say("chat at \(listener.address)")
      return listener
    },
    connection: { input, output in try await Visit(in: lobby, input, output).run() }
  )
}

/// Prints a line at once, also into a pipe.
func say(_ line: String) {
  print(line)
  fflush(nil)
}
