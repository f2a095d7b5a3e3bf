internal import HeddleModel

// One initializer per type of field that can be wrong; `field` is its name in errors.

extension ThreadID {
  /// - Throws: `outOfRange` for 0, which is nobody's.
  init(field: String, _ number: UInt64) throws(WireDecodingError) {
    guard number != 0 else { throw .outOfRange(field: field, number: number) }
    self.init(rawValue: number)
  }
}

extension EntityName {
  init(field: String, _ text: String) throws(WireDecodingError) {
    do throws(EntityNameError) {
      try self.init(text)
    } catch {
      throw .name(field: field, error)
    }
  }
}

extension CustodianPath {
  init(field: String, _ text: String) throws(WireDecodingError) {
    do throws(CustodianPathError) {
      try self.init(parsing: text)
    } catch {
      throw .path(field: field, error)
    }
  }
}

extension ThreadGroupPath {
  init(field: String, _ text: String) throws(WireDecodingError) {
    do throws(CustodianPathError) {
      try self.init(parsing: text)
    } catch {
      throw .path(field: field, error)
    }
  }
}

extension FixedWidthInteger {
  /// - Throws: `outOfRange` for a number that the type does not have.
  init(field: String, _ number: some FixedWidthInteger & UnsignedInteger) throws(WireDecodingError) {
    guard let value = Self(exactly: number) else { throw .outOfRange(field: field, number: UInt64(number)) }
    self = value
  }
}

extension RawRepresentable where RawValue: FixedWidthInteger {
  /// The value that protobuf's enumeration has as `number`, for an enumeration here that has the same numbers.
  ///
  /// - Throws: `missing` for 0, which is no value; `unknownValue` for another one without a case.
  init(field: String, enumeration number: Int) throws(WireDecodingError) {
    guard number != 0 else { throw .missing(field: field) }
    guard let raw = RawValue(exactly: number), let value = Self(rawValue: raw) else {
      throw .unknownValue(field: field, number: number)
    }
    self = value
  }
}

extension Duration {
  /// A span on the wire. More than 292 years are taken for so many.
  init(wire nanoseconds: UInt64) { self = .nanoseconds(Int64(clamping: nanoseconds)) }

  /// Whole nanoseconds, rounded towards zero; none for a negative duration.
  var wireNanoseconds: UInt64 { UInt64(clamping: attoseconds / 1_000_000_000) }
}

extension [UInt8] {
  /// The same bytes as whatever collection the generated code wants.
  func wire<Bytes: RangeReplaceableCollection<UInt8>>() -> Bytes { Bytes(self) }
}
