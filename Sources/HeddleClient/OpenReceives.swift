internal import HeddleWire

/// The messages that come for receives of one connection: those right before an answer are its own.
struct OpenReceives {
  /// Those that are not answered.
  private var open: Set<RequestID> = []
  /// What has come since the last answer.
  private var messages: [[UInt8]] = []
  /// What was answered, and not taken yet.
  private var answered: [RequestID: Received] = [:]
  private var count: UInt64 = 0

  /// The messages of one answer, and how many were received with them, from the connection's first one on.
  struct Received {
    let messages: [[UInt8]]
    let through: UInt64
  }

  /// Why a frame makes no sense.
  enum Fault: Error, CustomStringConvertible {
    case unasked
    case miscounted

    var description: String {
      switch self {
      case .unasked: "it sent mail that was not asked for"
      case .miscounted: "it sent other messages than its answer says"
      }
    }
  }

  mutating func open(_ request: RequestID) { open.insert(request) }

  /// A message has come.
  mutating func add(_ message: [UInt8]) throws(Fault) {
    guard !open.isEmpty else { throw .unasked }
    messages.append(message)
  }

  /// An answer has come, which is of so many messages.
  mutating func close(_ request: RequestID, _ count: Int) throws(Fault) {
    guard open.remove(request) != nil, count == messages.count else { throw .miscounted }
    self.count += UInt64(count)
    answered[request] = Received(messages: messages, through: self.count)
    messages = []
  }

  /// What was received by a request that is over; nil if it was refused.
  mutating func take(_ request: RequestID) -> Received? {
    open.remove(request)
    return answered.removeValue(forKey: request)
  }
}
