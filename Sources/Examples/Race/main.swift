// A race of three downloads: one `sync` waits for the same page from three mirrors (TCP servers in this program), and takes
// the one that comes first. A download is an event that connects when somebody begins to wait for it, and whose nack says
// that it was not chosen: then it hangs up. So nobody keeps a list of connections to close, and each server sees its end.

import Foundation
import HeddleThreads

struct Page: Sendable {
  let mirror: String
  let bytes: [UInt8]
}

/// The page of one mirror, which is asked for it when somebody waits for the event.
func download(from mirror: Mirror) -> AnyEvent<Page> {
  nackGuarded { nack in
    let connection = try Socket(connectedTo: mirror.port)
    let page = Channel<Page>()
    let porter = try await LocalThread {
      defer { connection.hangUp() }
      // What the reader mails, if it is not too late.
      let mail = try await sync(LocalThread.received.wrap { $0 as? Page }, nack.wrap { nil })
      if let mail { try await sync(page.putting(mail), nack) }
    }
    // A read that blocks holds its operating-system thread, so it has one of its own, outside of all local threads.
    Thread.detachNewThread {
      guard let bytes = try? connection.readToEnd(), bytes.count == Mirror.pageSize else { return }
      Task { try await porter.send(Page(mirror: mirror.name, bytes: bytes)) }
    }
    return page.getting
  }
}

await LocalThread.runMain {
  let main = LocalThread.current
  let mirrors = [try Mirror("Oslo", pace: 500), try Mirror("Lima", pace: 1), try Mirror("Perth", pace: 900)]
  for mirror in mirrors {
    print("\(mirror.name) serves the page at 127.0.0.1:\(mirror.port)")
    mirror.start { ending in Task { try await main.send("\(mirror.name): \(word(for: ending))") } }
  }
  let page = try await sync(choice(mirrors.map(download)))
  print("\(page.mirror) won with \(page.bytes.count) bytes")
  for _ in mirrors { print(try await LocalThread.receive()) }
}

func word(for ending: Mirror.Ending) -> String {
  switch ending {
  case .servedAll: "served it all"
  case .hungUp(let sent): "its client hung up after \(sent) bytes"
  case .failed(let error): "failed: \(error)"
  }
}
