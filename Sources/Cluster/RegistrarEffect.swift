/// What the registrar's shell has to do after an input, in this order.
///
/// The order is the promise: before anything that follows a `journal` or a `replaceJournal` is done, that record is on the
/// disk, fsync(2) having returned. Records that follow each other may share one fsync.
package enum RegistrarEffect: Hashable, Sendable {
  /// Append the record.
  case journal(JournalRecord)
  /// Write a new journal that begins with this, fsync it, rename it over the old one and fsync the directory.
  case replaceJournal(RegistrarSnapshot)
  case answer(RegistrarClientID, CoordinatorRequestID, CoordinatorAnswer)
  /// To the watch that this request began.
  case tell(RegistrarClientID, CoordinatorRequestID, CoordinatorStanding, CoordinatorNews)
}
