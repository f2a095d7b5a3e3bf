extension Operation {
  /// The operation and its arguments as members of a JSON object, without the braces.
  package var json: String {
    let (word, arguments) = parts
    return (["\"op\":\(word.quoted)"] + arguments.map { "\($0.quoted):\($1)" }).joined(separator: ",")
  }

  /// The word under `op`.
  package var word: String { parts.word }

  /// The operation's word, and its arguments as keys and JSON values, in the order in which they are written.
  private var parts: (word: String, arguments: [(key: String, json: String)]) {
    switch self {
    case .newRoot(let root): ("new-root", [("id", root.json)])
    case .makeCustodian(let custodian, let parent):
      ("make-custodian", [("id", custodian.json), ("parent", parent.json)])
    case .thread(let thread, let custodian, let suspendToKill):
      ("thread", [("id", thread.json), ("cust", custodian.json), ("s2k", "\(suspendToKill)")])
    case .suspend(let thread, let caller): ("suspend", [("t", thread.json), ("as", caller?.json ?? "null")])
    case .kill(let thread, let caller): ("kill", [("t", thread.json), ("as", caller?.json ?? "null")])
    case .resume(let thread, let benefactor):
      ("resume", [("t", thread.json), ("ben", benefactor?.text.quoted ?? "null")])
    case .shutdown(let custodian): ("shutdown", [("c", custodian.json)])
    case .send(let thread, let message, let onFailure):
      ("send", [("t", thread.json), ("v", "\(message)"), ("fail", onFailure.rawValue.quoted)])
    case .breakThread(let thread, let kind):
      ("break", [("t", thread.json), ("kind", kind == .interrupt ? "null" : kind.word.quoted)])
    case .command(let thread, let command): ("cmd", [("t", thread.json), ("cmd", command.json)])
    case .event(let event, let kind, let thread):
      ("evt", [("id", event.json), ("kind", kind.rawValue.quoted), ("t", thread.json)])
    case .poll(let pollable): ("poll", [("e", pollable.text.quoted)])
    case .semaphore(let semaphore, let count): ("semaphore", [("id", semaphore.json), ("count", "\(count)")])
    case .post(let semaphore): ("post", [("s", semaphore.json)])
    case .channel(let channel): ("channel", [("id", channel.json)])
    case .tick(let milliseconds): ("tick", [("ms", "\(milliseconds)")])
    case .managers(let thread): ("managers", [("t", thread.json)])
    case .members(let custodian): ("members", [("c", custodian.json)])
    }
  }
}

extension Name {
  /// The name as a JSON string.
  var json: String { text.quoted }
}

extension Benefactor {
  package var text: String {
    switch self {
    case .thread(let thread): thread.text
    case .custodian(let custodian): custodian.text
    }
  }
}

extension Pollable {
  package var text: String {
    switch self {
    case .event(let event): event.text
    case .nack(let nack): nack.text
    }
  }
}

extension AgentCommand {
  /// The command as a JSON list.
  package var json: String { TraceWriter.list([word.quoted] + arguments) }

  /// The word that a command begins with.
  package var word: String {
    switch self {
    case .tryReceive: "try-receive"
    case .receive: "receive"
    case .rewind: "rewind"
    case .breaks: "breaks"
    case .wait: "wait"
    case .selfSuspend: "self-suspend"
    case .selfKill: "self-kill"
    case .raise: "raise"
    case .exit: "exit"
    case .sync(_, let enablingBreaks): enablingBreaks ? "sync/enable-break" : "sync"
    case .nest: "nest"
    case .breakState: "break-state"
    }
  }

  private var arguments: [String] {
    switch self {
    case .tryReceive, .receive, .selfSuspend, .selfKill, .raise, .exit, .breakState: []
    case .rewind(let messages): [TraceWriter.list(messages.map { "\($0)" })]
    case .breaks(let enabled): ["\(enabled)"]
    case .wait(let thread): [thread.json]
    case .sync(let branches, _): [TraceWriter.list(branches.map(\.json))]
    case .nest(let thread, let custodian): [thread.json, custodian.json]
    }
  }
}

extension Branch {
  /// The branch as JSON: a word, or a list.
  var json: String {
    guard let nack else { return source.json }
    return TraceWriter.list(["nack".quoted, nack.json, source.json])
  }
}

extension Branch.Source {
  var json: String {
    switch self {
    case .mail: "mail".quoted
    case .receive: "receive".quoted
    case .always: "always".quoted
    case .never: "never".quoted
    case .semaphore(let semaphore): TraceWriter.list(["semaphore".quoted, semaphore.json])
    case .peek(let semaphore): TraceWriter.list(["peek".quoted, semaphore.json])
    case .put(let channel, let value): TraceWriter.list(["put".quoted, channel.json, "\(value)"])
    case .get(let channel): TraceWriter.list(["get".quoted, channel.json])
    case .event(let event): TraceWriter.list(["event".quoted, event.json])
    case .box(let custodian): TraceWriter.list(["box".quoted, custodian.json])
    case .alarm(let milliseconds): TraceWriter.list(["alarm".quoted, "\(milliseconds)"])
    }
  }
}
