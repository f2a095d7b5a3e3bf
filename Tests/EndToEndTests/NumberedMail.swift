import HeddleModel
import Synchronization

/// What senders of numbered messages know to be accepted, to be compared with what their receivers have written down.
final class NumberedMail: Sendable {
  private let accepted = Mutex<[String: Int]>([:])

  /// The message `number` of `sender` is known to be accepted, and so are all before it.
  func accept(_ number: Int, of sender: String) { accepted.withLock { $0[sender] = max(number, $0[sender] ?? 0) } }

  /// What is wrong with the lines "SENDER NUMBER" that the receivers of all senders have written: accepted numbers that are
  /// missing, and any that are out of order, or there twice. A sender that was killed may have had one more accepted than
  /// it could say.
  func faults(in lines: [Substring]) -> [String] {
    var faults: [String] = []
    var last: [String: Int] = [:]
    for line in lines {
      let words = line.split(separator: " ")
      guard words.count == 2, let number = Int(words[1]) else {
        faults.append("the line \(line)")
        continue
      }
      let before = last.updateValue(number, forKey: String(words[0])) ?? 0
      if number != before + 1 { faults.append("\(line) after \(before)") }
    }
    for (sender, number) in accepted.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
      let received = last[sender] ?? 0
      if received != number, received != number + 1 {
        faults.append("\(sender): \(number) accepted, \(received) there")
      }
    }
    return faults
  }
}

/// What one sender of heddle-test-worker says: its session's thread if it is a client, then the number of each message
/// that was accepted, a line each.
struct SenderLines {
  let mail: NumberedMail
  let sender: String
  private var rest: [UInt8] = []
  /// How many whole lines there were.
  private(set) var count = 0
  private(set) var sessionThread: ThreadID?

  init(of sender: String, to mail: NumberedMail) {
    self.mail = mail
    self.sender = sender
  }

  mutating func hear(_ bytes: [UInt8]) {
    rest += bytes
    while let end = rest.firstIndex(of: 10) {
      let words = String(decoding: rest[..<end], as: UTF8.self).split(separator: " ")
      rest.removeFirst(end + 1)
      count += 1
      if words.count == 2, let id = UInt64(words[1], radix: 16) { sessionThread = ThreadID(rawValue: id) }
      if words.count == 1, let number = Int(words[0]) { mail.accept(number, of: sender) }
    }
  }
}
