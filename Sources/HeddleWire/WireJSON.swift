internal import HeddleMessages
internal import HeddleModel
internal import SwiftProtobuf

/// Values of the wire as JSON, for whoever reads what a program prints: one object on one line.
///
/// The mapping is protobuf's (https://protobuf.dev/programming-guides/json/), with fields named as in the schema, integers as
/// numbers, and these differences, for which proto/README.md has the words. Zeros, empty texts and empty lists are there, so
/// that keys do not depend on values; absent messages, enumerations that say nothing, and what the schema calls optional are
/// left out. Bytes are text; where they are not UTF-8, another member, with `_bytes` behind the name, has them in base64. The
/// outermost object says in `v` that it is of the schema's version 1.
package enum WireJSON {
  package static func text(_ thread: ThreadInfo) -> String { object(thread.readable) }

  package static func text(_ threads: [ThreadInfo]) -> String {
    var list = ProtoThreadList()
    list.threads = threads.map(\.readable)
    return object(list)
  }

  package static func text(_ listing: CustodianListing) -> String { object(listing.proto) }

  package static func text(_ notice: Notice) -> String { object(notice.proto) }

  package static func text(_ report: ShutdownReport) -> String { object(report.proto) }

  package static func text(_ status: DaemonStatus) -> String { object(status.readable) }

  /// An event that was waited for has happened.
  ///
  /// - Parameter place: its place among those that were waited for, from 0.
  package static func happened(_ event: String, place: Int) -> String {
    var happened = ProtoHappened()
    happened.event = event
    happened.place = UInt32(clamping: place)
    return object(happened)
  }

  /// A message that was received.
  package static func received(_ message: [UInt8]) -> String {
    var received = ProtoReceivedMessage()
    received.body = message.wire()
    return object(received)
  }

  /// Mail was sent.
  package static func sent(_ messages: Int, to thread: ThreadInfo, end: Bool) -> String {
    var sent = ProtoSent()
    sent.thread = thread.id.rawValue
    if let name = thread.name { sent.name = name.text }
    sent.reference = ThreadReference.id(thread.id).description
    sent.messages = UInt64(clamping: messages)
    sent.end = end
    return object(sent)
  }

  /// So many messages were pushed back.
  package static func rewound(_ messages: Int) -> String {
    var rewound = ProtoRewound()
    rewound.messages = UInt64(clamping: messages)
    return object(rewound)
  }

  static func object(_ message: some Message) -> String { JSONWriter.object(message, first: #""v":1"#) }
}

extension DaemonStatus {
  /// With the fields that are for readers of JSON.
  fileprivate var readable: ProtoDaemonStatus {
    var readable = proto
    readable.socket = String(decoding: socketPath, as: UTF8.self)
    readable.log = String(decoding: logPath, as: UTF8.self)
    return readable
  }
}

extension ThreadInfo {
  /// With the fields that are for readers of JSON.
  var readable: ProtoThreadInfo {
    var readable = proto
    readable.reference = ThreadReference.id(id).description
    // Said also when it is none.
    readable.channel = channel.proto
    readable.command = argv.map { String(decoding: $0, as: UTF8.self) }
    return readable
  }
}
