package import HeddleModel

/// The first frame on a connection, sent by the client.
package struct Hello: Hashable, Codable, Sendable {
  /// What this code speaks.
  package static let supportedVersions: ClosedRange<UInt32> = 1...1

  /// The protocol versions that the client speaks, from 1.
  package let versions: ClosedRange<UInt32>
  /// Who the client is, for a log.
  package let clientName: String
  package let clientVersion: String
  /// The longest body, in bytes, that the client will take; one of `BodyLimit.agreeable`.
  package let bodyMax: Int
  /// Of a worker: how much mail may be on its way to it at a time; nil is what workers usually take. Of others: nothing.
  package let mailCredit: MailTotals?

  package init(
    versions: ClosedRange<UInt32> = supportedVersions,
    clientName: String,
    clientVersion: String,
    bodyMax: Int = BodyLimit.usual,
    mailCredit: MailTotals? = nil
  ) {
    self.versions = versions
    self.clientName = clientName
    self.clientVersion = clientVersion
    self.bodyMax = bodyMax
    self.mailCredit = mailCredit
  }

  /// The version to speak with an end that speaks `others`: the highest that both do; nil if they share none.
  package func sharedVersion(with others: ClosedRange<UInt32> = supportedVersions) -> UInt32? {
    versions.overlaps(others) ? min(versions.upperBound, others.upperBound) : nil
  }
}

/// The supervisor's answer to `Hello`.
package struct Welcome: Hashable, Codable, Sendable {
  /// Which thread the other end of a descriptor 3 is.
  package struct Worker: Hashable, Codable, Sendable {
    package let thread: ThreadID
    package let name: EntityName?
    /// How much mail is on its way at most.
    package let credit: MailTotals
    /// It starts with breaks kept out.
    package let breaksDisabled: Bool

    package init(thread: ThreadID, name: EntityName?, credit: MailTotals, breaksDisabled: Bool = false) {
      self.thread = thread
      self.name = name
      self.credit = credit
      self.breaksDisabled = breaksDisabled
    }
  }

  /// The version that both ends speak from here on.
  package let version: UInt32
  /// The longest body, in bytes, that either end sends from here on; one of `BodyLimit.agreeable`.
  package let bodyMax: Int
  /// The supervisor's node, by name.
  package let node: String
  /// Which start of the node this is; identifiers are never used twice in one.
  package let incarnation: UInt64
  package let daemonPID: Int32
  package let daemonVersion: String
  /// The custodian that the connection was granted: what its requests name is at or below it; nil if it is shut down.
  package let grant: CustodianPath?
  /// The custodian that is shut down when the connection ends, and where it makes things unless it says where else; nil
  /// where there can be none.
  package let session: CustodianPath?
  /// nil for a client that is no worker.
  package let worker: Worker?
  /// The cluster that the supervisor is in; nil if it is in none, and then no node may be named.
  package var cluster: EntityName?

  package init(
    version: UInt32,
    bodyMax: Int,
    node: String,
    incarnation: UInt64,
    daemonPID: Int32,
    daemonVersion: String,
    grant: CustodianPath? = nil,
    session: CustodianPath? = nil,
    worker: Worker? = nil
  ) {
    self.version = version
    self.bodyMax = bodyMax
    self.node = node
    self.incarnation = incarnation
    self.daemonPID = daemonPID
    self.daemonVersion = daemonVersion
    self.grant = grant
    self.session = session
    self.worker = worker
  }
}
