internal import HeddleModel

/// What the custodians of one world close when they are shut down. Nothing is freed in here that is not handed out.
struct Closings: Sendable {
  /// What one registration is found by.
  enum Name: Hashable, Sendable {
    case number(UInt64)
    /// An object, which may be gone; another in its place takes the registration over.
    case resource(ObjectIdentifier)
  }

  struct Closing: Sendable {
    let close: @Sendable () -> Void
    /// The object that registered, while it is there; nil for a plain closure.
    let resource: @Sendable () -> (any CustodianManaged)?

    init(_ close: @escaping @Sendable () -> Void) {
      self.close = close
      resource = { nil }
    }

    init(of resource: some CustodianManaged) {
      self.resource = { [weak resource] in resource }
      close = { [weak resource] in resource?.custodianShutDown() }
    }
  }

  private var table: [CustodianID: [Name: (order: UInt64, closing: Closing)]] = [:]
  private var lastOrder: UInt64 = 0

  /// Adds what `custodian` closes; takes the place of what has the same name.
  ///
  /// - Returns: what had its place.
  mutating func add(_ closing: Closing, as name: Name, to custodian: CustodianID) -> Closing? {
    lastOrder += 1
    return table[custodian, default: [:]].updateValue((lastOrder, closing), forKey: name)?.closing
  }

  /// Adds what is found by a number of its own.
  mutating func add(_ closing: Closing, to custodian: CustodianID) -> Name {
    let name = Name.number(lastOrder + 1)
    _ = add(closing, as: name, to: custodian)
    return name
  }

  /// - Returns: what is not closed any more.
  mutating func remove(_ name: Name, from custodian: CustodianID) -> Closing? {
    let removed = table[custodian]?.removeValue(forKey: name)
    if table[custodian]?.isEmpty == true { table[custodian] = nil }
    return removed?.closing
  }

  /// In the order of registration.
  func all(of custodian: CustodianID) -> [Closing] {
    (table[custodian] ?? [:]).values.sorted { $0.order < $1.order }.map(\.closing)
  }

  /// As `all(of:)`; they are not found any more.
  mutating func removeAll(of custodian: CustodianID) -> [Closing] {
    defer { table[custodian] = nil }
    return all(of: custodian)
  }
}
