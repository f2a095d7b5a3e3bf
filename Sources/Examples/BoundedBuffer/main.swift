// A bounded buffer that survives the death of whoever made it, after Flatt and Findler's kill-safe abstractions: a manager
// thread holds its items, and each operation first resumes the manager with the caller as benefactor. A custodian makes a
// buffer and is shut down, and its maker and the manager stop with it; another thread, which only uses the buffer, brings
// the manager back to life and loses nothing. Then a thread is killed while it waits for an item, and takes none with it.

import HeddleThreads

await LocalThread.runMain {
  let shop = try await Custodian()
  let made = Channel<BoundedBuffer<String>>()
  let maker = try await Custodian.current.withValue(shop) {
    try await LocalThread {
      let buffer = try await BoundedBuffer<String>(capacity: 3)
      try await made.put(buffer)
      for item in ["apple", "fig", "plum", "cherry"] {
        print("\(LocalThread.current), which made the buffer, puts \(item)")
        try await buffer.put(item)
      }
    }
  }
  let buffer = try await made.get()
  try await sync(systemIdle)
  print("it is full, so the last put waits")

  try await shop.shutDown()
  print("the custodian of both is shut down: \(maker) is \(word(maker)), the buffer is \(word(buffer.manager))")

  let user = try await LocalThread {
    let items = [try await buffer.take { $0.hasPrefix("p") }, try await buffer.take()]
    print("\(LocalThread.current) took \(items.joined(separator: " and ")), and puts quince")
    try await buffer.put("quince")
  }
  try await user.wait()
  print("the buffer is \(word(buffer.manager)) again")

  let waiter = try await LocalThread { _ = try await buffer.take { $0 == "pear" } }
  try await sync(systemIdle)
  try await waiter.kill()
  try await buffer.put("pear")
  let left = [try await buffer.take(), try await buffer.take(), try await buffer.take()]
  print("\(waiter) was killed while it waited for a pear; left are \(left.joined(separator: ", "))")
}

func word(_ thread: LocalThread) -> String { thread.isDead ? "dead" : thread.isRunning ? "running" : "suspended" }
