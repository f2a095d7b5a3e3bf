import Glibc
import TestSpawn

/// Starts a program.
///
/// - Parameter descriptors: what it has as 0, 1 and so on; nil is /dev/null. It has no others.
/// - Returns: its process, for which the caller waits.
func spawnProgram(
  _ words: [String],
  _ environment: [String: String],
  in directory: String?,
  _ descriptors: [Int32?]
) throws -> pid_t {
  let arguments = unsafe words.map { unsafe strdup($0) } + [nil]
  let variables = unsafe environment.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
  let place = unsafe directory.map { unsafe strdup($0) } ?? nil
  let texts = unsafe arguments + variables + [place]
  defer { for index in unsafe texts.indices { unsafe free(texts[index]) } }
  var pid: pid_t = 0
  let error = unsafe spawning_start(
    &pid,
    arguments,
    variables,
    place,
    descriptors.map { $0 ?? -1 },
    Int32(descriptors.count)
  )
  guard error == 0 else {
    throw ProgramError(commandLine: words.joined(separator: " "), what: "it can't be started: errno \(error)", said: "")
  }
  return pid
}
