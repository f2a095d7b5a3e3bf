internal import Crypto

/// What the supervisors of one cluster know and nobody else does.
///
/// It is never sent: whoever has it can make, of bytes that both ends have seen, a code that nobody else can.
package struct LinkSecret: Sendable {
  /// The least size of a secret, in bytes.
  package static let bytesMin = 16

  private let key: SymmetricKey

  /// - Parameter bytes: at least `bytesMin` of them.
  package init(_ bytes: [UInt8]) { key = SymmetricKey(data: bytes) }

  /// The code of `bytes`: 32 bytes of HMAC-SHA256 (RFC 2104, FIPS 180-4).
  package func code(of bytes: [UInt8]) -> [UInt8] {
    Array(HMAC<SHA256>.authenticationCode(for: bytes, using: key))
  }
}
