internal import Glibc

/// A directory that is ours alone, held open: what is in it is found also when it is given another name.
struct PrivateDirectory: ~Copyable {
  let path: String
  private let descriptor: Descriptor

  /// Makes the directory if it is missing, with mode 0700, and looks whether others own it or may enter it.
  ///
  /// - Parameters:
  ///   - use: what it is for, as in "the socket".
  ///   - advice: what to do if it can't be used; ends the sentence.
  static func open(_ path: String, for use: String, advice: String) throws(DaemonError) -> PrivateDirectory {
    guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else {
      throw DaemonError(SystemFailure("make the directory \(path)"), advice)
    }
    // What is only named needs no permission to be looked at, so that the reason below is the one that is told.
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { throw DaemonError(SystemFailure("look at \(path)"), advice) }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw DaemonError("cannot use \(path) for \(use): it is not a directory; \(advice)")
    }
    guard status.st_uid == geteuid(), status.st_mode & 0o077 == 0 else {
      throw DaemonError(
        "cannot use \(path) for \(use): others may enter it, or own it; "
          + "make it yours with mode 0700 (chmod 700), or \(advice)"
      )
    }
    let number = unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard number >= 0 else { throw DaemonError(SystemFailure("open the directory \(path)"), advice) }
    return PrivateDirectory(path: path, descriptor: Descriptor(owning: number))
  }

  private init(path: String, descriptor: consuming Descriptor) {
    self.path = path
    self.descriptor = descriptor
  }

  /// Opens a file in it, for reading and writing at the file's end; never waits for a FIFO's other end, and never follows
  /// a symbolic link.
  ///
  /// - Parameter flags: more of open(2)'s. A file that is made is its owner's alone.
  func openFile(_ name: String, _ flags: Int32 = 0) throws(SystemFailure) -> Descriptor {
    let all = O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | flags
    let number = unsafe openat(descriptor.number, name, all, 0o600)
    guard number >= 0 else { throw SystemFailure("open \(path)/\(name)") }
    return Descriptor(owning: number)
  }

  /// Gives a file in it another name, in the place of the one that has it.
  func rename(_ name: String, to new: String) throws(SystemFailure) {
    guard unsafe renameat(descriptor.number, name, descriptor.number, new) == 0 else {
      throw SystemFailure("give \(path)/\(name) the name \(new)")
    }
  }

  /// Removes a file in it, if there is one.
  func remove(_ name: String) throws(SystemFailure) {
    guard unsafe unlinkat(descriptor.number, name, 0) == 0 || errno == ENOENT else {
      throw SystemFailure("remove \(path)/\(name)")
    }
  }

  /// Returns when the disk has the names of its files.
  func sync() throws(SystemFailure) { try descriptor.sync(path) }

  /// Returns when the disk has its own name, too.
  func syncParent() throws(SystemFailure) {
    let number = unsafe openat(descriptor.number, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard number >= 0 else {
      // A place that we may not read is one where somebody else has made the directory.
      if errno == EACCES { return }
      throw SystemFailure("open the directory above \(path)")
    }
    try Descriptor(owning: number).sync("the directory above \(path)")
  }
}
