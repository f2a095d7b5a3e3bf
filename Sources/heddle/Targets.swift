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

  /// A name, behind that of a node and a slash or not.
  static func newName(_ text: String) throws -> NameArgument {
    guard let slash = text.firstIndex(of: "/") else { return NameArgument(name: try EntityName(text), node: nil) }
    return NameArgument(name: try EntityName(text[text.index(after: slash)...]), node: try EntityName(text[..<slash]))
  }

  /// A path, perhaps with the @ that it has as a selector, and perhaps with a node's name and a colon in front.
  static func custodian(_ text: String) throws -> CustodianReference {
    try CustodianReference(parsing: text.hasPrefix("@") ? String(text.dropFirst()) : text)
  }

  /// A path of the supervisor's own, perhaps with the @ that it has as a selector.
  static func homeCustodian(_ text: String) throws -> CustodianPath {
    try CustodianPath(parsing: text.hasPrefix("@") ? String(text.dropFirst()) : text)
  }

  /// A custodian if it starts with a slash or as a selector, or with a node's name and `:/`; else a thread.
  static func benefactor(_ text: String) throws -> BenefactorArgument {
    guard text.hasPrefix("/") || text.hasPrefix("@") || text.contains(":/") else {
      return BenefactorArgument(.thread(try thread(text)))
    }
    let custodian = try custodian(text)
    return BenefactorArgument(.custodian(custodian.path), on: custodian.node)
  }
}

/// What a new thread is to be called, and on which node it is to be.
struct NameArgument {
  let name: EntityName
  /// nil is the node that is asked.
  let node: EntityName?
}

/// Who is to give a thread its custodians, and on which node a custodian is.
struct BenefactorArgument {
  let benefactor: Request.Benefactor
  /// nil is the node that is asked.
  let node: EntityName?

  init(_ benefactor: Request.Benefactor, on node: EntityName? = nil) {
    self.benefactor = benefactor
    self.node = node
  }
}

extension ThreadInfo {
  /// How the thread is called: by its name, on another node behind that of the node, or by its id if it has none.
  var label: String {
    guard let name else { return "\(ThreadReference.id(id))" }
    return node.map { "\($0)/\(name)" } ?? name.text
  }
}

extension ThreadSummary {
  /// How the thread is called: by its name, or by its id if it has none.
  var label: String { name?.text ?? "\(ThreadReference.id(id))" }
}
