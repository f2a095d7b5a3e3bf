// A supervisor that restarts its children: it waits for all their deaths and for the ends of all pauses in one choice. A
// child that throws and one that somebody kills look the same to it, and each is started again after a pause that grows.
// When too many have died within a window, it shuts down the custodian of them all, so nothing is left running.

import HeddleThreads

struct Failure: Error, CustomStringConvertible {
  let description: String
}

LocalThread.setUncaughtErrorHandler { error, thread in print("\(thread) ended: \(error)") }

await LocalThread.runMain {
  var supervisor = try await Supervisor(
    limits: .init(firstPause: .milliseconds(10), deathsMax: 4, window: .seconds(60))
  )
  let whoIsSteady = Channel<LocalThread>()
  let failures = Semaphore()
  try await supervisor.add("steady") {
    while true { try await whoIsSteady.put(.current) }
  }
  try await supervisor.add("flaky") {
    try await failures.wait()
    throw Failure(description: "the disk is full")
  }

  // Somebody who kills one child, sees it come back, and then lets the other fail again and again.
  let meddler = try await LocalThread {
    let first = try await whoIsSteady.get()
    try await first.kill()
    print("steady was \(first), and is \(try await whoIsSteady.get()) now")
    for _ in 0..<4 { try await failures.post() }
  }
  do { try await supervisor.run() } catch let limit as Supervisor.TooManyDeaths {
    print("supervisor: giving up after \(limit); \(try await supervisor.livingChildren()) of its children live")
  }
  try await meddler.wait()
}
