internal import HeddleLoop

/// A connection that has come in at the door, of an agent that says with its first line who it is. Confined to the door's
/// loop; the stream keeps it.
final class AgentGuest {
  private var line: LineStream?
  private var conversation: AgentConversation?
  /// The conversation with the agent whose thread this refers to.
  private let introduce: (String) -> AgentConversation

  init(_ stream: ByteStream, introduce: @escaping (String) -> AgentConversation) throws(LoopError) {
    self.introduce = introduce
    line = try LineStream(stream) {
      self.hear($0)
    } onEnd: {
      self.line = nil
    }
  }

  private func hear(_ text: String) {
    guard let line, let word = try? AgentWord(line: text) else { return leave() }
    if case .hello(let thread) = word {
      conversation = introduce(thread)
      conversation?.begin(over: line)
    }
    conversation?.hear(word)
  }

  /// What it says makes no sense: it is no agent of ours.
  private func leave() {
    line?.close()
    line = nil
  }
}
