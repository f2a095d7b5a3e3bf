internal import HeddleModel
internal import HeddleWire

extension Duration {
  /// - Throws: `outOfRange` beyond some 292 years.
  init(field: String, nanoseconds: UInt64) throws(WireDecodingError) {
    guard let signed = Int64(exactly: nanoseconds) else { throw .outOfRange(field: field, number: nanoseconds) }
    self = .nanoseconds(signed)
  }
}

extension NodeName {
  init(field: String, _ text: some StringProtocol) throws(WireDecodingError) {
    do throws(EntityNameError) {
      try self.init(text)
    } catch {
      throw .name(field: field, error)
    }
  }
}

extension SharedCustodianID {
  init(field: String, _ text: some StringProtocol) throws(WireDecodingError) {
    guard let id = SharedCustodianID(text) else {
      throw .form(field: field, reason: "NODE.INCARNATION.NUMBER names a custodian")
    }
    self = id
  }
}
