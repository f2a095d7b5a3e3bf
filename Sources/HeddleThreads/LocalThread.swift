internal import HeddleModel

/// A thread of PLT Scheme's model inside this process: it can be suspended, resumed, killed and broken by others, has a
/// mailbox, and lives under custodians.
///
/// Its body is a Swift task of its own. The thread stops at *safe points*: every operation of this library,
/// `checkpoint()`, and every `await` that really suspends. What runs between two of them is never interrupted.
///
/// Any operation may throw `BreakError` or `Killed` into the thread that calls it, as any safe point may, also where its
/// comment does not say so.
///
/// A handle to a dead thread stays valid. Two handles are equal if they are of the same thread.
///
/// Whoever holds a handle can resume the thread. A suspended thread that nobody can resume any more, by a handle, by a
/// state event that has happened or through a benefactor, is given up: it unwinds as a killed one does and is freed, but
/// it has not terminated, so its death event never fires. A thread that holds a handle of itself on its own stack, or in
/// what it captured, keeps itself. One that is blocked is kept: what it waits for is held by its own stack, and whether
/// anybody else holds that cannot be seen.
public final class LocalThread: Sendable {
  /// nil for the one that stands for code outside of any thread.
  private let identity: ThreadIdentity?
  let world: World

  init(_ identity: ThreadIdentity) {
    self.identity = identity
    world = identity.world
  }

  private init(outsideIn world: World) {
    identity = nil
    self.world = world
  }

  // One handle less: a suspended thread that nobody can resume any more is given up.
  deinit {
    // For a dead one it makes no difference.
    guard let identity, !identity.isDead else { return }
    world.settle { (state, effects) in state.kernel.letGo(of: identity.id, effects: &effects) }
  }

  /// Creates a thread, which runs at once. It is managed by the caller's current custodian, and starts with the caller's
  /// parameters and break setting. Racket: `thread`, `thread/suspend-to-kill`.
  ///
  /// - Parameters:
  ///   - suspendsOnKill: whether what would kill the thread suspends it instead.
  ///   - mailLimit: the most messages that its mailbox holds unread, 0 or more; nil is no limit.
  ///   - body: the thread's life. An error that it throws ends this thread alone, and is reported once; see
  ///     `setUncaughtErrorHandler(_:)`.
  /// - Throws: `ThreadError` with `custodianShutDown`, or with `negativeLimit`; there is no thread then.
  public convenience init(
    suspendsOnKill: Bool = false,
    mailLimit: Int? = nil,
    _ body: @escaping @Sendable () async throws -> Void
  ) async throws {
    if let mailLimit, mailLimit < 0 { throw ThreadError.negativeMailLimit(mailLimit) }
    let custodian = Custodian.current.value
    let world = custodian.world
    let bounds = MailboxBounds(messagesMax: mailLimit, bytesMax: nil)
    let caller = world.caller?.id
    let made = try await world.act { (state, _) throws(Refusal) -> ThreadBody in
      let id = try state.kernel.makeThread(
        under: custodian.id,
        suspendsOnKill: suspendsOnKill,
        breaksEnabled: state.areBreaksEnabled(in: caller)
      )
      let body = ThreadBody(id: id, world: world, mailbox: bounds)
      state.add(body)
      return body
    }
    self.init(made.identity)
    made.identity.adopt(self)
    made.start(reportsError: true, body)
  }

  /// The calling thread. Outside of any, one that stands for the code there: it can create, send and wait, and is always
  /// running. Racket: `current-thread`.
  public static var current: LocalThread {
    ThreadBody.current?.identity.handle ?? LocalThread(outsideIn: World.outside)
  }

  /// The model's identifier.
  ///
  /// - Throws: `ungated` for the code outside of any thread, which cannot be `attempt`ed.
  func requireID(_ attempt: String) throws -> ThreadID {
    guard let identity else { throw ThreadError.ungated(attempt) }
    return identity.id
  }

  /// nil for the code outside of any thread.
  var identityIfGated: ThreadIdentity? { identity }

  /// What executes it; nil when it is dead, and for the code outside of any thread.
  var body: ThreadBody? {
    guard let id = identity?.id else { return nil }
    return world.look { $0.body(of: id) }
  }

  // MARK: - State

  /// Whether it is neither dead nor suspended; a blocked thread is running. Racket: `thread-running?`.
  public var isRunning: Bool { phase == .running }

  /// Whether it can never act again. Racket: `thread-dead?`.
  public var isDead: Bool {
    switch phase {
    case .dead: true
    case .running, .suspended, .ending: false
    }
  }

  private var phase: ThreadLife.Phase {
    guard let identity else { return .running }
    // The identity keeps the model's record.
    return world.look { try? $0.kernel.phase(of: identity.id) } ?? .dead(.killed)
  }

  /// The custodians that manage the thread, in the order in which it got them; empty when it is dead.
  package var managers: [Custodian] {
    guard let identity else { return [] }
    let ids = world.look { $0.kernel.ties[identity.id]?.managers ?? [] }
    return ids.map { Custodian(id: $0, world: world) }
  }

  /// Has `handler` told of each error that ends a thread, in place of printing it on standard error, and of threads that
  /// were killed and did not leave (`ThreadError` with `abandoned`). It is called on the thread that the error ended. One
  /// handler serves the whole process. Racket: `uncaught-exception-handler`.
  public static func setUncaughtErrorHandler(_ handler: @escaping @Sendable (any Error, LocalThread) -> Void) {
    UncaughtErrors.setHandler(handler)
  }

  /// How many killed threads were stopped for good since they did not leave: each went on for 64 turns after its
  /// death, one for each operation of this library and each `await` that really suspends. What such a thread holds stays
  /// allocated.
  public static var abandoned: Int { Abandoned.count }
}

extension LocalThread: Hashable, CustomStringConvertible {
  public static func == (left: LocalThread, right: LocalThread) -> Bool {
    left.world === right.world && left.identity?.id == right.identity?.id
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(identity?.id) }

  public var description: String { identity.map { "thread \($0.id)" } ?? "the code outside of any thread" }
}
