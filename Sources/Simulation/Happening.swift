internal import Cluster
internal import HeddleModel

/// Something that happens to the simulated world; boxed, since it is moved about in a queue. What belongs to one run of a node carries that run's number: in a later
/// one it happens to nobody.
indirect enum Happening {
  case packet(Packet, from: Int, to: Int)
  /// Something of a daemon's own: it waits while the daemon is stopped.
  case daemon(Int, run: Int, DaemonHappening)
  /// A keeper's deadline; of an earlier arming if the number is not the present one.
  case fence(Int, run: Int, arming: Int)
  /// A keeper does what it was told about a thread.
  case deed(Int, ThreadID, Deed)
  /// A thread does what it is there for.
  case act(Int, ThreadID)
  case workload
  case fault
  /// Nobody reaches this node and it reaches nobody, for so many milliseconds.
  case isolate(Int, milliseconds: UInt64)
  /// The end of a fault.
  case mend(Mending)
}

enum DaemonHappening {
  /// Its own deadline may be there.
  case wake
  /// Links look after what was not acknowledged.
  case tick
  /// The registrar's journal is on the disk.
  case synced
  /// A thread handed it a message.
  case letter(Letter)
  case threadEnded(ThreadID)
  /// A thread that was permitted to start was killed before it had.
  case spawnFailed(ClusterToken, ThreadID)
  /// A thread that was permitted to start has started.
  case spawned(ClusterToken, ThreadID)
  case keeperFenced
}

enum Deed {
  /// On the order of this run's daemon.
  case start(SharedCustodianID, ClusterToken, run: Int)
  case freeze
  case thaw
  case kill
}

enum Mending {
  case resume(Int, run: Int)
  case restart(Int)
  case uncut(from: Int, to: Int)
  case quicken(from: Int, to: Int)
  case calm
  /// Everything works from here on.
  case all
}
