internal import HeddleModel

/// A thread that executes only while somebody runs the coroutine, for as long as that one allows. Racket: `coroutine`.
///
/// ```swift
/// let search = try await Coroutine { _ in try await bestMove(in: game) }
/// if try await search.run(for: .seconds(2)) { play(search.result) } else { try await search.kill() }
/// ```
///
/// A run that ends before the body stops it at the body's next safe point, and returns when nothing of it executes any
/// more; the next run goes on from there. What the body awaits meanwhile it waits for: a value that comes between two runs
/// is there in the next.
///
/// The body's thread is one like any other: it has the custodian, the parameters and the break setting of the coroutine's
/// creator, gets mail while it is stopped, and when somebody else resumes it, it executes outside of any run. When it dies
/// other than by its body's end or by `kill()`, with its custodian for example, the coroutine never completes.
public final class Coroutine<Value: Sendable>: Sendable {
  private let thread: CoroutineThread
  private let course: CoroutineCourse
  private let outcome: CoroutineOutcome<Value>
  /// Ready, with `true`, when the body has ended.
  private let end: AnyEvent<Bool>

  /// A coroutine that has executed nothing yet.
  ///
  /// - Parameter body: what it executes. The switch keeps runs from stopping it in the middle of something.
  /// - Throws: `ThreadError` with `custodianShutDown`.
  public init(_ body: @escaping @Sendable (SuspendSwitch) async throws -> Value) async throws {
    let course = CoroutineCourse(in: Custodian.current.value.world)
    let outcome = CoroutineOutcome<Value>()
    let thread = try await LocalThread.standing { thread in
      await outcome.keep { try await body(course.suspendSwitch(in: thread)) }
      try await course.finish()
    }
    self.thread = .own(thread)
    self.course = course
    self.outcome = outcome
    end = course.finished.peek.wrap { _ in true }
  }

  /// A coroutine that gives slices of time to a thread which somebody else started, from now on: it is suspended first.
  ///
  /// It completes when the thread is dead, whatever ended that; there is no result beyond `()`, and no switch.
  ///
  /// - Throws: what the thread's `suspend()` throws.
  public init(over thread: some Suspendable) async throws where Value == Void {
    try await thread.suspend()
    self.thread = .other(thread)
    course = CoroutineCourse(in: World.current)
    outcome = CoroutineOutcome(())
    end = thread.death.wrap { _ in true }
  }

  /// The body's value, once a run has returned true because of it; nil before that, and when the body threw or was killed.
  /// Racket: `coroutine-result`.
  public var result: Value? { course.isConcluded ? outcome.value : nil }

  /// Runs the coroutine for at most `duration` of elapsed time; not above zero is over at once. As `run(until:)`.
  public func run(for duration: Duration) async throws -> Bool { try await run(until: after(duration)) }

  /// Runs the coroutine until it completes or `event` is ready, which is waited for as by `sync`: what is chosen is taken.
  /// Racket: `coroutine-run`.
  ///
  /// If the event is ready from the start the body may get no step. While the body disables suspends, the run goes on.
  ///
  /// A break or a cancellation of the caller, or an error of the event, ends the run as soon as the coroutine is stopped,
  /// and the coroutine can be run again. A caller that is killed leaves it running, until another run stops it.
  ///
  /// - Returns: true when the body has ended, or the coroutine was killed, in this run or before; nothing is executed
  ///   then. False when the event came first. A run during which the coroutine is killed waits for the event, unless it
  ///   is over somebody else's thread: then it sees the death.
  /// - Throws: the error that the body threw, in the run in progress; later ones return true. `ThreadError` with
  ///   `alreadyRunning`; with `runsItself`; with `notAuthorized` unless the caller may suspend the thread, before
  ///   anything is executed. `BreakError`, `CancellationError`, `Killed`.
  public func run(until event: some Event) async throws -> Bool {
    let authority = Custodian.current.value.id
    guard let run = try await course.begin(thread, by: authority) else { return true }
    let isOver: Bool
    do {
      if case .other(let thread) = thread { try await thread.resume() }
      isOver = try await sync(end, event.wrap { _ in false })
    } catch {
      // What ended the wait is what the caller is to hear of, also when the coroutine cannot be stopped.
      try? await course.stop(thread, run, by: authority)
      throw error
    }
    guard isOver else {
      try await course.stop(thread, run, by: authority)
      return false
    }
    if try await course.conclude(run) { try outcome.check() }
    return true
  }

  /// Ends the coroutine's thread for good, and leaves the result as it is. Runs from now on return true at once, without a
  /// result if there was none; for one in progress see `run(until:)`. No effect the second time. Racket:
  /// `coroutine-kill`.
  ///
  /// - Throws: `ThreadError` with `notAuthorized`. `Killed`, to the coroutine itself.
  public func kill() async throws { try await course.kill(thread, by: Custodian.current.value.id) }
}
