/// What one thread is, until its record is forgotten. It holds no reference, so looking at it costs no counting: mail
/// passes here.
package struct ThreadRecord: Equatable, Codable, Sendable {
  /// Whether what would kill it suspends it. Racket: `thread/suspend-to-kill`.
  package let suspendsOnKill: Bool
  package internal(set) var life = ThreadLife()
  package internal(set) var breaks: BreakState
  var nesting = Nesting.idle
  /// The thread whose nested thread this is.
  var creator: ThreadID?
  /// The number of messages in its mailbox.
  package internal(set) var mailCount = 0
  /// Whether a wait is queued for its mail.
  var isMailAwaited = false
  /// How many handles and claimed events hold it.
  var holders = 1
  /// How many claims there are on the resumption that it waits for, suspended; they hold nothing before it comes.
  var resumptionClaims = 0
  /// Whether it was given up, since nobody could resume it: it is ending, and never dead.
  var isGivenUp = false
}

/// What one thread is tied to, beside its record.
package struct ThreadTies: Equatable, Codable, Sendable {
  /// Its custodians, in the order in which it got them; none of them at or below another (SR-19, SR-20).
  package internal(set) var managers: [CustodianID]
  /// The custodians that managed it when it was told to end; their shutdown waits for its body.
  var awaitedBy: [CustodianID] = []
  /// Those that get what this thread gets, in the order of attachment.
  var dependents = Roster<ThreadID>()
  /// Those that it is attached to.
  var benefactors = Roster<ThreadID>()
  /// Its waits that have not ended, oldest first. More than one when several tasks share the thread.
  var waits = Roster<WaitID>()
  /// The waits for its mail, its own alone.
  var mailWatchers = Roster<WaitID>()
  var deathWatchers = Roster<WaitID>()
  /// The waits for its suspensions and resumptions.
  var changeWatchers = Roster<WaitID>()
}

/// Where a thread stands with a nested thread of its own. Racket: `call-in-nested-thread`.
enum Nesting: Equatable, Codable, Sendable {
  case idle
  /// Blocked until this thread is done. `isLost` when a thread between the two has died: there is no value to wait for
  /// any more, only an end (TH-25).
  case active(ThreadID, isLost: Bool)
  /// It is done, and the thread has not been told.
  case done(BodyEnd)
}
