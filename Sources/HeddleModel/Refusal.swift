/// Why an operation on the model was not carried out; nothing has changed then.
package enum Refusal: Error, Equatable, Codable, Sendable {
  /// No thread ever had this identifier.
  case noSuchThread(ThreadID)
  /// The thread is dead and its record was forgotten.
  case threadGone(ThreadID)
  /// The thread is dead, or is ending, and takes nothing any more.
  case threadDead(ThreadID)
  /// The thread is suspended, and the sender asked not to queue mail for one that is.
  case threadSuspended(ThreadID)
  case noSuchCustodian(CustodianID)
  /// A custodian that is shut down manages nothing new.
  case custodianShutDown(CustodianID)
  /// `manager` manages the thread and is neither `caller` nor below it (SR-05).
  case notAuthorised(thread: ThreadID, manager: CustodianID, caller: CustodianID)
  /// `caller` is not strictly above the custodian whose members it asked for (CU-16).
  case notAbove(custodian: CustodianID, caller: CustodianID)
  /// The thread's mailbox did not take the message.
  case mail(thread: ThreadID, MailRefusal)
  /// A thread has at most one nested thread at a time.
  case alreadyNesting(ThreadID)
  case noSuchSemaphore(SemaphoreID)
  case noSuchChannel(ChannelID)
  case noSuchNack(NackID)
  /// Mail and nested ends are events of a thread: a wait outside of any has neither.
  case notInThread(Event)
}
