internal import HeddleMessages
internal import HeddleModel

extension PartitionPolicy {
  /// Nothing said is `suspend`.
  init(field: String, _ proto: ProtoPartitionPolicy) throws(WireDecodingError) {
    self = proto == .unspecified ? .suspend : try PartitionPolicy(field: field, enumeration: proto.rawValue)
  }

  var proto: ProtoPartitionPolicy {
    switch self {
    case .suspend: .suspend
    case .kill: .kill
    case .keep: .keep
    }
  }
}
