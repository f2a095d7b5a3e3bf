// A line echo with few descriptors. It says at which port, and then whatever its handler is told.

import Glibc
import HeddleServer
import HeddleThreads

await LocalThread.runMain {
  var limit = rlimit(rlim_cur: 40, rlim_max: 40)
  precondition(unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, "a limit can be lowered")
  try await runServer(
    port: 1,
    onError: { say("\(($0 as? NetworkError)?.code.rawValue ?? "\($0)")") },
    listen: { _, _, _ in
      let listener = try await Listener(port: 0, host: "127.0.0.1", backlog: 128)
      say("\(listener.port ?? 0)")
      return listener
    },
    connection: { input, output in
      for try await line in input.lines { try await output.write(line + [UInt8(ascii: "\n")]) }
    }
  )
}

func say(_ line: String) {
  print(line)
  fflush(nil)
}
