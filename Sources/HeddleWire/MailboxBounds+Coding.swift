internal import HeddleMessages
internal import HeddleModel

extension MailboxBounds {
  init(field: String, _ proto: ProtoMailboxBounds) throws(WireDecodingError) {
    self.init(
      messagesMax: proto.hasMessagesMax ? try Int(field: "\(field).messages_max", proto.messagesMax) : nil,
      bytesMax: proto.hasBytesMax ? try Int(field: "\(field).bytes_max", proto.bytesMax) : nil
    )
  }

  var proto: ProtoMailboxBounds {
    var proto = ProtoMailboxBounds()
    if let messagesMax { proto.messagesMax = UInt64(clamping: messagesMax) }
    if let bytesMax { proto.bytesMax = UInt64(clamping: bytesMax) }
    return proto
  }
}
