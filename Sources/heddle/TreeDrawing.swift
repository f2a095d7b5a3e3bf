internal import HeddleModel
internal import HeddleWire

/// Draws custodians and what they manage, with lines of Unicode or of ASCII.
struct TreeDrawing {
  let isUTF8: Bool
  /// What is known of the threads beyond a listing's summaries.
  var infos: [ThreadID: ThreadInfo] = [:]
  var palette = Palette.plain

  func lines(of listing: CustodianListing) -> [String] {
    ["\(listing.path)\(remark(listing))"] + branches(of: listing, indent: "")
  }

  /// All custodians: the root only if there is something directly in it, else each of those directly below.
  func lines(ofAll root: CustodianListing) -> [String] {
    root.threads.isEmpty && !root.children.isEmpty ? root.children.flatMap { lines(of: $0) } : lines(of: root)
  }

  /// Threads first, then the custodians below.
  private func branches(of listing: CustodianListing, indent: String) -> [String] {
    var lines: [String] = []
    let count = listing.threads.count + listing.children.count
    let width = listing.threads.map(\.label.count).max() ?? 0
    for (index, thread) in listing.threads.enumerated() {
      let name = thread.label + String(repeating: " ", count: width - thread.label.count)
      lines.append("\(indent)\(branch(isLast: index == count - 1))\(name)  \(state(of: thread))")
    }
    for (index, child) in listing.children.enumerated() {
      let isLast = listing.threads.count + index == count - 1
      lines.append("\(indent)\(branch(isLast: isLast))\(child.path)\(remark(child))")
      lines += branches(of: child, indent: indent + trunk(isLast: isLast))
    }
    return lines
  }

  /// "● running 41s", of a server with what it does, of a connection with who is there
  private func state(of thread: ThreadSummary) -> String {
    // One that was made behind the listing of all threads.
    guard let info = infos[thread.id] else { return "\(thread.state)" }
    let words = palette.paint(StateWords.state(of: info, isUTF8: isUTF8), StateWords.tone(of: info))
    let server = info.server.map { "  " + ServerWords.summary($0) } ?? ""
    let peer = info.peer.map { "  from \($0)" } ?? ""
    return "\(words) \(info.age.age)\(server)\(peer)"
  }

  private func remark(_ listing: CustodianListing) -> String {
    switch listing.state {
    case .open: ""
    case .shuttingDown: "  shutting down"
    }
  }

  private func branch(isLast: Bool) -> String {
    if isUTF8 { isLast ? "└─ " : "├─ " } else { isLast ? "`- " : "|- " }
  }

  private func trunk(isLast: Bool) -> String {
    if isLast { "   " } else { isUTF8 ? "│  " : "|  " }
  }
}
