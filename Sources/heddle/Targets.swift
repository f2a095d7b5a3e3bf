internal import ArgumentParser
internal import HeddleModel
internal import HeddleWire

/// How arguments name threads and custodians.
enum Targets {
  /// How a shell completes them.
  static var threadName: CompletionKind { CompleteNames.Kind.thread.completion }
  static var threadNames: CompletionKind { CompleteNames.Kind.threads.completion }
  static var eventNames: CompletionKind { CompleteNames.Kind.events.completion }
  static var custodianNames: CompletionKind { CompleteNames.Kind.custodians.completion }

  static func thread(_ text: String) throws -> ThreadReference { try ThreadReference(parsing: text) }

  static func name(_ text: String) throws -> EntityName { try EntityName(text) }

  /// A path, perhaps with the @ that it has as a selector.
  static func custodian(_ text: String) throws -> CustodianPath {
    try CustodianPath(parsing: text.hasPrefix("@") ? String(text.dropFirst()) : text)
  }

  /// A custodian if it starts with a slash or as a selector, else a thread.
  static func benefactor(_ text: String) throws -> Request.Benefactor {
    text.hasPrefix("/") || text.hasPrefix("@") ? .custodian(try custodian(text)) : .thread(try thread(text))
  }
}

extension ThreadInfo {
  /// How the thread is called: by its name, or by its id if it has none.
  var label: String { name?.text ?? "\(ThreadReference.id(id))" }
}

extension ThreadSummary {
  /// How the thread is called: by its name, or by its id if it has none.
  var label: String { name?.text ?? "\(ThreadReference.id(id))" }
}
