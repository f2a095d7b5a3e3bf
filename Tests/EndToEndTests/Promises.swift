import Testing

/// The tests that load the machine with daemons and programs: one at a time, since the other suites want it, too.
@Suite("what is promised of real processes", .serialized)
enum Promises {}
