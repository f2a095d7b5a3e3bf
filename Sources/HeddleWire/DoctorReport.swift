internal import HeddleMessages

/// What is well with a machine and an installation, and what is not.
package struct DoctorReport: Hashable, Sendable {
  package enum Verdict: Hashable, Sendable {
    case good
    /// It works, and could be better.
    case warning
    case failed
  }

  package struct Check: Hashable, Sendable {
    /// What was looked at, in few words: "containment".
    package let name: String
    package let verdict: Verdict
    /// What was found.
    package let finding: String
    /// What to do about it; may be empty.
    package let advice: String

    package init(_ name: String, _ verdict: Verdict, _ finding: String, advice: String = "") {
      self.name = name
      self.verdict = verdict
      self.finding = finding
      self.advice = advice
    }
  }

  package var checks: [Check]

  package init(checks: [Check]) { self.checks = checks }

  /// Whether nothing failed.
  package var isHealthy: Bool { checks.allSatisfy { $0.verdict != .failed } }
}

extension DoctorReport {
  var proto: ProtoDoctorReport {
    var proto = ProtoDoctorReport()
    proto.healthy = isHealthy
    proto.checks = checks.map { check in
      var proto = ProtoDoctorReport.Check()
      proto.name = check.name
      proto.verdict =
        switch check.verdict {
        case .good: .good
        case .warning: .warning
        case .failed: .failed
        }
      proto.finding = check.finding
      proto.advice = check.advice
      return proto
    }
    return proto
  }
}
