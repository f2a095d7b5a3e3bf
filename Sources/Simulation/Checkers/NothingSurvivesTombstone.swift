internal import Cluster
internal import HeddleModel

/// When a custodian's shutdown is complete nothing that was in it acts any more, nothing starts in it that anybody is told
/// of, and in the end nothing of it is alive.
struct NothingSurvivesTombstone: Checker {
  static let name = "nothing-survives-a-tombstone"
  private(set) var violation: String?
  private var custodians: [ThreadID: SharedCustodianID] = [:]
  private var complete: [SharedCustodianID: Instant] = [:]

  mutating func see(_ sighting: Sighting, at now: Instant) {
    switch sighting {
    case .started(let thread, let custodian, _):
      if let custodian { custodians[thread] = custodian }
    case .acted(let thread, _, _): judge(thread, "acted", now)
    case .acknowledged(let thread): judge(thread, "was acknowledged", now)
    case .complete(let custodian, _): if complete[custodian] == nil { complete[custodian] = now }
    case .atEnd(let ending):
      guard let thread = ending.survivors.first else { return }
      note("thread \(thread) lives on node \(ending.node) in a custodian that is shut down")
    case .ended, .watched, .observerEnded, .died, .heard: break
    }
  }

  private mutating func judge(_ thread: ThreadID, _ deed: String, _ now: Instant) {
    guard let custodian = custodians[thread], let instant = complete[custodian] else { return }
    note("thread \(thread) \(deed) at \(now.words); \(custodian) was completely shut down at \(instant.words)")
  }

  private mutating func note(_ text: String) { if violation == nil { violation = text } }
}
