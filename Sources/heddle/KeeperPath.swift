internal import Glibc

/// Where the keeper is.
enum KeeperPath {
  /// `$HEDDLE_KEEPER`, else beside this program, else in `../libexec/heddle`.
  ///
  /// - Throws: a sentence that names the places, when there is no such program.
  static func find() throws(Failure) -> String {
    if let named = unsafe getenv("HEDDLE_KEEPER") { return unsafe String(cString: named) }
    let directory = try ownDirectory()
    let places = ["\(directory)/heddle-keeper", "\(directory)/../libexec/heddle/heddle-keeper"]
    for place in places where unsafe access(place, X_OK) == 0 { return place }
    throw Failure(
      .failed,
      "cannot find the keeper: it is neither \(places[0]) nor \(places[1]); set HEDDLE_KEEPER to where it is"
    )
  }

  private static func ownDirectory() throws(Failure) -> String {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
    guard count > 0 else { throw Failure(.failed, "cannot find the keeper: /proc/self/exe can't be read") }
    let path = String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
    return String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])
  }
}
