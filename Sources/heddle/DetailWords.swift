internal import HeddleClient
internal import HeddleModel
internal import HeddleWire

/// Everything about one thread, as labelled lines for people.
struct DetailWords {
  let detail: ThreadDetail
  let isUTF8: Bool
  var palette = Palette.plain

  private var thread: ThreadInfo { detail.thread }

  /// Without trailing newlines. What does not apply is left out.
  func lines() -> [String] {
    let entries = (identity + serving + program + ties + mail + place + end).filter { !$0.text.isEmpty }
    let width = entries.map(\.label.count).max() ?? 0
    return entries.map { entry in
      let padding = String(repeating: " ", count: width - entry.label.count)
      return "\(palette.paint(entry.label, .faint))\(padding)  \(entry.text)"
    }
  }

  private typealias Entry = (label: String, text: String)

  private var identity: [Entry] {
    let by = thread.lastChange.by.isEmpty ? "" : " by \(thread.lastChange.by)"
    let state = palette.paint(StateWords.state(of: thread, isUTF8: isUTF8), StateWords.tone(of: thread))
    return [
      ("name", thread.name.map { _ in thread.label } ?? ""),
      ("id", "\(ThreadReference.id(thread.id))"),
      ("state", "\(state), \(thread.lastChange.what) \(thread.sinceChange.age) ago\(by)"),
      ("made", "\(detail.made.onTheClock), \(thread.age.age) ago"),
      ("changed", detail.changed.onTheClock),
    ]
  }

  private var serving: [Entry] {
    (thread.server.map(ServerWords.entries) ?? []) + [("visitor", thread.peer ?? "")]
  }

  private var program: [Entry] {
    let start = detail.start
    let options = [
      (start.suspendToKill, "suspend-to-kill"), (start.linger, "linger"), (start.allowSetuid, "allow-setuid"),
      (start.stdinPipe, "stdin pipe"),
    ]
    return [
      ("command", ShellWords.quoted(thread.argv)),
      ("directory", String(decoding: start.cwd, as: UTF8.self)),
      ("environment", "\(start.environmentCount) variables, of which heddle has set"),
    ] + start.heddleEnvironment.map { ("", $0) } + [
      ("umask", String(start.umask, radix: 8).leftPadded(to: 4)),
      ("limits", Self.words(start.limits)),
      ("options", options.filter(\.0).map(\.1).joined(separator: ", ")),
    ]
  }

  private static func words(_ limits: ResourceLimits) -> String {
    let named = [
      ("nofile", limits.openFiles), ("nproc", limits.processes), ("as", limits.addressSpace),
      ("cpu", limits.processorTime), ("core", limits.coreFile),
    ]
    return named.compactMap { name, value in value.map { "\(name)=\($0)" } }.joined(separator: ", ")
  }

  private var ties: [Entry] {
    func names(_ threads: [ThreadSummary]) -> String { threads.map(\.label).joined(separator: ", ") }
    let current = detail.ties.currentCustodian
    let actsFor = thread.custodians == [current].compactMap(\.self) ? nil : current
    return [
      ("custodians", thread.custodians.map(\.description).joined(separator: ", ")),
      ("acts for", actsFor?.description ?? ""),
      ("group", thread.group == .root ? "" : thread.group.description),
      ("benefactors", names(detail.ties.benefactors)),
      ("benefactor of", names(detail.ties.beneficiaries)),
      ("nested in", detail.ties.creator?.label ?? ""),
    ]
  }

  private var mail: [Entry] {
    let (mail, traffic) = (thread.mail, detail.traffic)
    let most = [
      mail.bounds.messagesMax.map { "\($0) messages" }, mail.bounds.bytesMax.map { "\(Self.size($0))" },
    ].compactMap(\.self).joined(separator: ", ")
    let ended = traffic.isMailEnded ? "; its end was announced" : ""
    var flow: String?
    if let onTheirWay = traffic.onTheirWay, let credit = traffic.credit {
      let sizes = [onTheirWay, credit].map { Self.size(Int(clamping: $0.bytes)) }
      flow = "\(onTheirWay.messages) of \(credit.messages) messages on their way, \(sizes[0]) of \(sizes[1])"
    }
    return [
      ("channel", "\(thread.channel)"),
      ("mailbox", "\(mail.messages) messages, \(Self.size(mail.bytes))\(most.isEmpty ? "" : " of \(most)")\(ended)"),
      ("mail taken", "\(traffic.mailTaken) messages"),
      ("credit", flow ?? ""),
      ("sends on to", thread.relay.map(Self.words) ?? ""),
      ("break", detail.pendingBreak.map { "\(BreakCommand.Kind($0).rawValue) waits" } ?? ""),
    ]
  }

  /// "words, with its end; 12 lines wait for room"
  private static func words(_ relay: ThreadInfo.Relay) -> String {
    let waiting = relay.waitingLines == 0 ? "" : "; \(relay.waitingLines) lines wait for room"
    return (relay.name?.text ?? "\(ThreadReference.id(relay.to))") + (relay.passesEnd ? ", with its end" : "") + waiting
  }

  private var place: [Entry] {
    [
      ("pid", thread.pid.map(String.init) ?? ""),
      ("processes", detail.place.processes.map(String.init) ?? ""),
      ("containment", detail.place.containment),
      ("cgroup", detail.place.cgroup),
      ("warden", detail.place.warden.map { "pid \($0)" } ?? ""),
      ("log", "\(Self.size(detail.traffic.logWritten)) written, \(Self.size(detail.traffic.logKept)) kept"),
    ]
  }

  private var end: [Entry] {
    guard let death = thread.death else { return [] }
    return [("death", StateWords.cause(death.cause)), ("unread mail", "\(death.unreadMail) messages")]
  }

  /// "512 B", "8 MiB": in the largest unit of which there is one, cut to a tenth.
  static func size(_ bytes: Int) -> String {
    guard bytes >= 1_024 else { return "\(bytes) B" }
    var (tenths, unit) = (bytes * 10 / 1_024, 0)
    while tenths >= 10_240, unit < 3 { (tenths, unit) = (tenths / 1_024, unit + 1) }
    let fraction = tenths % 10 == 0 ? "" : ".\(tenths % 10)"
    return "\(tenths / 10)\(fraction) \(["KiB", "MiB", "GiB", "TiB"][unit])"
  }
}

/// A command as a shell would take it.
enum ShellWords {
  /// Words that need it stand in quotes, so that the line can be used again.
  static func quoted(_ argv: [[UInt8]]) -> String {
    argv.map { quoted(String(decoding: $0, as: UTF8.self)) }.joined(separator: " ")
  }

  private static func quoted(_ word: String) -> String {
    let plain = "_-./:=,+@%^"
    let isPlain = !word.isEmpty && word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || plain.contains($0)) }
    if isPlain { return word }
    if word.unicodeScalars.contains(where: isControl) { return "$'\(word.unicodeScalars.map(escaped).joined())'" }
    return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }

  /// What would move the cursor, or worse.
  private static func isControl(_ character: Unicode.Scalar) -> Bool {
    character.properties.generalCategory == .control
  }

  /// As bash has it in $'...'.
  private static func escaped(_ character: Unicode.Scalar) -> String {
    switch character {
    case "\n": return "\\n"
    case "\t": return "\\t"
    case "'", "\\": return "\\\(character)"
    case let other where isControl(other):
      let digits = String(other.value, radix: 16)
      return other.value < 0x80 ? "\\x\(digits.leftPadded(to: 2))" : "\\u\(digits.leftPadded(to: 4))"
    default: return String(character)
    }
  }
}

extension String {
  fileprivate func leftPadded(to width: Int) -> String { String(repeating: "0", count: max(0, width - count)) + self }
}
