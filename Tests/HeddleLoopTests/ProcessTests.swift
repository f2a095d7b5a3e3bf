import Glibc
import HeddleLoop
import Testing

@Suite("Children and signals", .timeLimit(.minutes(1)), .serialized)
struct ProcessTests {
  @Test("a child talks over its descriptor 3, and its exit status arrives once")
  func childTalks() async throws {
    try await Scene.play { scene in
      let happened = Happenings(of: String.self)
      try await scene.act { scene in
        let child = try ChildProcess(
          "/bin/sh",
          arguments: ["-c", "read line <&3; echo \"$GREETING $line $1\" >&3; exit 7", "sh", "arg"],
          environment: ["GREETING=hello"],
          standardStreams: .ignored,
          on: scene.loop
        ) { happened.tell("\($0)") }
        #expect(child.pid > 0)
        try child.channel.bytes.write([UInt8]("world\n".utf8))
        var said: [UInt8] = []
        try child.channel.startReading { bytes, _ in
          said += [UInt8](bytes)
        } onEnd: { _ in
          child.channel.close()
          happened.tell(String(decoding: said, as: UTF8.self))
        }
      }
      #expect(try await Set(happened.next(2)) == ["hello world arg\n", "status(7)"])
    }
  }

  @Test("a child that was killed says by which signal, and can be closed there and then")
  func childKilled() async throws {
    try await Scene.play { scene in
      let exited = Happenings(of: ChildProcess.Exit.self)
      try await scene.act { scene in
        var child: ChildProcess?
        child = try ChildProcess("/bin/sh", arguments: ["-c", "read line <&3"], on: scene.loop) { exit in
          // Reaped: the pid may be another's by now, so this sends nothing.
          #expect(throws: Never.self) { try child?.send(signal: SIGKILL) }
          child?.channel.close()
          child?.close()
          exited.tell(exit)
        }
        try child?.send(signal: SIGTERM)
      }
      #expect(try await exited.next() == .signal(SIGTERM))
    }
  }

  @Test("a child has the descriptors 0 to 3, none that the loop opened, and no signal blocked")
  func childIsClean() async {
    // In a process of its own, where no other test opens descriptors.
    await #expect(processExitsWith: .success) {
      try await withTemporaryDirectory { directory in
        let before = openFiles()
        try await Scene.play { scene in
          let said = Happenings(of: String.self)
          let opened = try await scene.act { scene in
            _ = try Listener(path: directory + "/s", on: scene.loop) { _ in }
            _ = try ByteStream.connect(to: directory + "/s", on: scene.loop) { _ in }
            try Self.listDescriptors(on: scene.loop, said)
            return openFiles().subtracting(before)
          }
          let (names, files, mask) = try await Self.parse(said.next())
          precondition(names.isSuperset(of: ["0", "1", "2", "3"]))
          // A listener, a connection, a channel, and libuv's two pipes for signals.
          precondition(opened.count >= 5 && files.isDisjoint(with: opened))
          precondition(mask == "SigBlk:\t0000000000000000")
        }
      }
    }
  }

  /// What `listDescriptors` said: the descriptors' numbers, the files behind them, and the signals that are blocked.
  private static func parse(_ said: String) -> (names: Set<String>, files: Set<String>, mask: String) {
    let lines = said.split(separator: "\n").map(String.init)
    return (Set(lines[0].split(separator: " ").map(String.init)), Set(lines[2...]), lines[1])
  }

  private static func listDescriptors(on loop: EventLoop, _ said: Happenings<String>) throws {
    // The shell reads its own status: around a fork it blocks signals, which another process would see.
    let script = """
      cd /proc/self/fd; echo * >&3
      while read -r line; do case $line in SigBlk*) echo "$line" >&3;; esac; done < /proc/self/status
      readlink /proc/self/fd/* >&3
      """
    let child = try ChildProcess("/bin/sh", arguments: ["-c", script], standardStreams: .ignored, on: loop) { _ in }
    var bytes: [UInt8] = []
    try child.channel.startReading { span, _ in
      bytes += [UInt8](span)
    } onEnd: { _ in
      child.channel.close()
      said.tell(String(decoding: bytes, as: UTF8.self))
    }
  }

  @Test("a program that is not there is an error at once, and leaves no descriptor")
  func noSuchProgram() async {
    await #expect(processExitsWith: .success) {
      try await Scene.play { scene in
        try await scene.act { scene in
          // The first child of a process makes libuv watch for SIGCHLD.
          try ChildProcess("/bin/true", on: scene.loop) { _ in }.channel.close()
          let before = openFiles()
          do {
            _ = try ChildProcess("/no/such/program", on: scene.loop) { _ in preconditionFailure("it never ran") }
            preconditionFailure("there is no such program")
          } catch let error as LoopError {
            precondition(error.description == "cannot start /no/such/program: no such file or directory (ENOENT)")
          }
          precondition(openFiles().isSubset(of: before))
        }
      }
    }
  }

  @Test("a signal is told to each who watches for it, and to nobody after close")
  func signals() async throws {
    let told = Happenings(of: String.self)
    try await Scene.play { first in
      try await Scene.play { second in
        for (name, scene) in [("first", first), ("second", second)] {
          try await scene.act { scene in
            _ = try SignalWatcher(SIGUSR1, on: scene.loop) { told.tell(name) }
          }
        }
        kill(getpid(), SIGUSR1)
        #expect(try await Set(told.next(2)) == ["first", "second"])
      }
      try await first.act { scene in
        var watcher: SignalWatcher?
        watcher = try SignalWatcher(SIGUSR2, on: scene.loop) {
          watcher?.close()
          told.tell("closing")
        }
      }
      kill(getpid(), SIGUSR2)
      #expect(try await told.next() == "closing")
    }
  }

  @Test("a signal that nobody can watch for is refused")
  func unwatchable() async throws {
    try await Scene.play { scene in
      await scene.act { scene in
        let error = #expect(throws: LoopError.self) { try SignalWatcher(SIGKILL, on: scene.loop) {} }
        #expect(error?.description == "cannot watch for signal 9: invalid argument (EINVAL)")
      }
    }
  }
}
