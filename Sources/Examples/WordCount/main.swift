/// example-word-count: a worker that counts the words of its messages, and tells whoever asks.
///
/// A message is text, or a question mark and a thread's reference: then that thread gets the number of words so far.
///
///     heddle run -d --name words --channel frames -- example-word-count
///     heddle send words "the quick brown fox"
import HeddleClient

await Worker.main { worker in
  var words = 0
  while let message = try await worker.receive() {
    let text = String(decoding: message, as: UTF8.self)
    if let reference = text.question {
      try await worker.supervisor.thread(referredToBy: reference).send("\(words)".utf8)
    } else {
      words += text.split(whereSeparator: \.isWhitespace).count
    }
  }
  print("\(words) words")
}

extension String {
  /// Whom to tell, if this is a question.
  fileprivate var question: String? { hasPrefix("? ") ? String(dropFirst(2)) : nil }
}
