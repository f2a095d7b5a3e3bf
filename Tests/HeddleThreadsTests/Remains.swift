@testable import HeddleModel
@testable import HeddleThreads

/// What a world's model still knows of.
struct Remains: Equatable {
  /// Records of threads, living or dead but held by somebody.
  var threads = 0
  /// Those with a body.
  var residents = 0
  var waits = 0
  var semaphores = 0
  var channels = 0
  var nacks = 0
  /// Those directly below the root that are not shut down.
  var custodians = 0

  init() {}

  init(of world: World) {
    self = world.look { state in
      var remains = Remains()
      remains.threads = state.kernel.threads.count
      remains.residents = state.residents.count
      remains.waits = state.kernel.waits.count
      remains.semaphores = state.kernel.semaphores.count
      remains.channels = state.kernel.channels.count
      remains.nacks = state.kernel.nacks.count
      remains.custodians = state.kernel.custodians[state.kernel.root]?.children.members.count ?? 0
      return remains
    }
  }
}
