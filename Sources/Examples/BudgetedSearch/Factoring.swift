import HeddleThreads

// Three ways to find a factor of an odd number below 2^62, each good at numbers of its own kind. They compute without ever
// waiting for anything, so now and then they say that they may be stopped.

/// Tries one divisor after the other: finds small factors.
func trialDivision(of number: UInt64) async throws -> UInt64 {
  var divisor: UInt64 = 3
  while number % divisor != 0 {
    divisor += 2
    if divisor % 512 == 1 { try await LocalThread.checkpoint() }
  }
  return divisor
}

/// Fermat's way: finds factors that lie close to each other.
func differenceOfSquares(of number: UInt64) async throws -> UInt64 {
  var root = UInt64(Double(number).squareRoot()) + 1
  while true {
    let rest = root * root - number
    let other = UInt64(Double(rest).squareRoot())
    if other * other == rest { return root - other }
    root += 1
    if root % 256 == 0 { try await LocalThread.checkpoint() }
  }
}

/// Pollard's rho: finds factors of which even the square root is not large.
func rho(of number: UInt64) async throws -> UInt64 {
  func next(_ value: UInt64, _ shift: UInt64) -> UInt64 {
    (number.dividingFullWidth(value.multipliedFullWidth(by: value)).remainder + shift) % number
  }
  var shift: UInt64 = 1
  while true {
    var (slow, fast, factor) = (UInt64(2), UInt64(2), UInt64(1))
    while factor == 1 {
      slow = next(slow, shift)
      fast = next(next(fast, shift), shift)
      factor = greatestCommonDivisor(max(slow, fast) - min(slow, fast), number)
      if slow % 64 == 0 { try await LocalThread.checkpoint() }
    }
    if factor < number { return factor }
    shift += 1
  }
}

private func greatestCommonDivisor(_ first: UInt64, _ second: UInt64) -> UInt64 {
  var (larger, smaller) = (first, second)
  while smaller != 0 { (larger, smaller) = (smaller, larger % smaller) }
  return larger
}
