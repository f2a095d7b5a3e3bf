/// example-primes: a worker that looks for primes until it is told to stop, and answers breaks meanwhile.
///
///     heddle run -d --name primes --channel frames -- example-primes
///     heddle break primes                     # it says how far it is
///     heddle break --kind terminate primes    # it says so, too, and ends
import Glibc
import HeddleClient
import HeddleThreads

await Worker.main { worker in
  var search = Search()
  while true {
    do {
      try await LocalThread.checkpoint()
      search.step()
    } catch let error as BreakError {
      print("\(search.found) primes below \(search.next)")
      fflush(nil)
      if error.kind == .terminate { return }
    }
  }
}

/// How far the search is.
struct Search {
  var found = 0
  /// What is looked at next.
  var next = 2

  mutating func step() {
    if (2..<next).prefix(while: { $0 * $0 <= next }).allSatisfy({ !next.isMultiple(of: $0) }) { found += 1 }
    next += 1
  }
}
