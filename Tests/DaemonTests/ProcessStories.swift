import Testing

/// The stories that show the thread model with real processes. Each has a daemon of its own; they come one after the other,
/// so that they leave the machine to others.
@Suite("processes as threads", .serialized, .timeLimit(.minutes(1)))
enum ProcessStories {}
