internal import HeddleMessages
internal import SwiftProtobuf

/// Values of the wire as JSON, for whoever reads what a program prints: one object on one line.
///
/// The mapping is protobuf's (https://protobuf.dev/programming-guides/json/), with fields named as in the schema and integers
/// as numbers. Fields that are 0, empty or absent are left out, but for the lists that a reply is made of. Each object says
/// in `v` that it is of the schema's version 1.
package enum WireJSON {
  package static func text(_ thread: ThreadInfo) -> String { object(thread.readable) }

  package static func text(_ threads: [ThreadInfo]) -> String {
    var list = ProtoThreadList()
    list.threads = threads.map(\.readable)
    return object(list, emptyList: threads.isEmpty ? "threads" : nil)
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

  /// A message that was received; its bytes are in base64.
  package static func received(_ message: [UInt8]) -> String {
    var received = ProtoReceivedMessage()
    received.body = message.wire()
    return object(received)
  }

  private static let options = {
    var options = JSONEncodingOptions()
    options.preserveProtoFieldNames = true
    options.alwaysPrintInt64sAsNumbers = true
    return options
  }()

  /// - Parameter emptyList: a field that is written as `[]`.
  static func object(_ message: some Message, emptyList: String? = nil) -> String {
    // Text can fail to be JSON only by what these messages have none of: `Any`, and dates out of range.
    let text = (try? message.jsonString(options: options)) ?? "{}"
    let fields = [#""v":1"#] + (emptyList.map { [#""\#($0)":[]"#] } ?? []) + [String(text.dropFirst().dropLast())]
    return "{" + fields.filter { !$0.isEmpty }.joined(separator: ",") + "}"
  }
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
    readable.command = argv.map { String(decoding: $0, as: UTF8.self) }
    return readable
  }
}
