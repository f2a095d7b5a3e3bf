internal import Synchronization

/// One piece of work for a loop.
enum Work: Sendable {
  /// A stretch of a Swift task.
  case job(UnownedJob)
  /// A plain closure.
  case block(@Sendable () -> Void)
}

/// Work for a loop, from any thread, in the order in which it came.
///
/// The queue is the truth and a wake-up a hint: work is in the queue before anybody is woken, and the reader looks into
/// the queue before it sleeps. Unbounded, since each task has at most one job in it: what bounds tasks bounds the queue.
struct JobQueue: ~Copyable, Sendable {
  /// What the side that runs the work is doing.
  enum Reader {
    /// It will look into the queue before it sleeps; no wake-up is needed.
    case awake
    /// It sleeps in poll, or is about to: the next work must wake it, once.
    case asleep
    /// There is no reader. The next work must find one.
    case gone
  }

  // Not private: the 6.3 compiler breaks on a private type in a noncopyable one that another file stores.
  struct State {
    var pending: [Work] = []
    var reader = Reader.awake
  }

  private let state = Mutex(State())

  /// Adds `work` at the end.
  ///
  /// - Parameter wake: called under the queue's lock if the reader sleeps. Under the lock, since otherwise a slow sender
  ///   could signal a wake-up handle that was closed meanwhile, or whose descriptor is another's by now.
  /// - Returns: whether the queue had lost its reader; the caller must then provide one.
  func append(_ work: Work, wake: () -> Void) -> Bool {
    state.withLock { state in
      state.pending.append(work)
      defer { state.reader = .awake }
      switch state.reader {
      case .awake: return false
      case .asleep:
        wake()
        return false
      case .gone: return true
      }
    }
  }

  /// Moves all work into `batch`, which must be empty and gives its storage in return.
  ///
  /// - Parameter rest: what the reader turns to if there is none; with work in hand it is awake.
  /// - Returns: whether there was any.
  func take(_ batch: inout [Work], ifEmpty rest: Reader) -> Bool {
    state.withLock { state in
      state.reader = state.pending.isEmpty ? rest : .awake
      swap(&batch, &state.pending)
      return !batch.isEmpty
    }
  }
}
