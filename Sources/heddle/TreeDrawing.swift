internal import HeddleWire

/// Draws custodians and what they manage, with lines of Unicode or of ASCII.
struct TreeDrawing {
  let isUTF8: Bool

  func lines(of listing: CustodianListing) -> [String] {
    ["\(listing.path)\(remark(listing))"] + branches(of: listing, indent: "")
  }

  /// Threads first, then the custodians below.
  private func branches(of listing: CustodianListing, indent: String) -> [String] {
    var lines: [String] = []
    let count = listing.threads.count + listing.children.count
    for (index, thread) in listing.threads.enumerated() {
      lines.append("\(indent)\(branch(isLast: index == count - 1))\(thread.label)  \(thread.state)")
    }
    for (index, child) in listing.children.enumerated() {
      let isLast = listing.threads.count + index == count - 1
      lines.append("\(indent)\(branch(isLast: isLast))\(child.path)\(remark(child))")
      lines += branches(of: child, indent: indent + trunk(isLast: isLast))
    }
    return lines
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
