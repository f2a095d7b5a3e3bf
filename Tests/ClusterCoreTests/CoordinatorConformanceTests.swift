import CoordinatorConformance
import Testing

@Suite("The static registrar is a coordinator")
struct CoordinatorConformanceTests {
  @Test("a coordinator", arguments: CoordinatorConformance.claims)
  func does(_ claim: CoordinatorClaim) async throws {
    try await claim.check(RegistrarBench())
  }
}

extension CoordinatorClaim: CustomTestStringConvertible {
  public var testDescription: String { description }
}
