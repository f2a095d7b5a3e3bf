internal import HeddleMessages

/// How mail reaches a thread's program.
package enum ChannelMode: UInt8, Hashable, Codable, Sendable, CaseIterable {
  /// It does not: mail waits in the mailbox.
  case none = 0
  /// Each message is a line on the program's standard input.
  case lines = 1
  /// The program speaks the protocol on its descriptor 3: it is a worker.
  case frames = 2
}

extension ChannelMode {
  init(field: String, _ proto: ProtoChannel) throws(WireDecodingError) {
    switch proto {
    case .none: self = .none
    case .lines: self = .lines
    case .frames: self = .frames
    case .UNRECOGNIZED(let number): throw .unknownValue(field: field, number: number)
    }
  }

  var proto: ProtoChannel {
    switch self {
    case .none: .none
    case .lines: .lines
    case .frames: .frames
    }
  }
}
