internal import Glibc

/// What the system calls its errors.
package enum SystemError {
  /// "No such file or directory" (strerror(3)).
  package static func text(_ number: Int32) -> String {
    guard let text = unsafe strerror(number) else { return "errno \(number)" }
    return unsafe String(cString: text)
  }
}
