internal import HeddleModel
internal import HeddleWire

/// A socket that listens for a server.
package struct ListenerID: Identifier {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// A connection that was accepted, until a program has it.
package struct SocketID: Identifier {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// The two ends of a connection, by the kernel's word.
package enum Visitor: Equatable, Sendable {
  /// One end of a TCP connection: a numeric host, and a port.
  package struct End: Equatable, Sendable {
    package let host: String
    package let port: UInt16

    package init(host: String, port: UInt16) {
      self.host = host
      self.port = port
    }
  }

  /// A process, or a user of this machine.
  package struct User: Equatable, Sendable {
    package let uid: UInt32
    package let gid: UInt32

    package init(uid: UInt32, gid: UInt32) {
      self.uid = uid
      self.gid = gid
    }
  }

  case internet(remote: End, local: End)
  /// Over a Unix socket at a path, whose owner is `local`.
  case unix(path: [UInt8], remote: User, pid: Int32, local: User)
}

extension Visitor {
  /// Who it is, for people: "192.0.2.1:4711", "pid 4711, uid 1000".
  var text: String {
    switch self {
    case .internet(let remote, _): ServerAddress.internet(host: remote.host, port: remote.port).description
    case .unix(_, let remote, let pid, _): "pid \(pid), uid \(remote.uid)"
    }
  }

  /// The variables by which programs know it that were written for tcpserver or unixserver. Host names and what ident says
  /// are not among them: nobody looked them up.
  var environment: [[UInt8]] {
    switch self {
    case .internet(let remote, let local):
      Self.variables([
        "PROTO=TCP", "TCPLOCALIP=\(local.host)", "TCPLOCALPORT=\(local.port)", "TCPREMOTEIP=\(remote.host)",
        "TCPREMOTEPORT=\(remote.port)",
      ])
    case .unix(let path, let remote, let pid, let local):
      Self.variables([
        "PROTO=UNIX", "UNIXLOCALUID=\(local.uid)", "UNIXLOCALGID=\(local.gid)", "UNIXREMOTEEUID=\(remote.uid)",
        "UNIXREMOTEEGID=\(remote.gid)", "UNIXREMOTEPID=\(pid)",
      ]) + [Array("UNIXLOCALPATH=".utf8) + path]
    }
  }

  private static func variables(_ texts: [String]) -> [[UInt8]] { texts.map { Array($0.utf8) } }

  /// Whether a variable is about some connection, and so about another one than this, if it is the server's.
  static func isAbout(_ variable: [UInt8]) -> Bool {
    let name = variable.prefix { $0 != UInt8(ascii: "=") }
    return name.elementsEqual("PROTO".utf8)
      || ["TCPLOCAL", "TCPREMOTE", "UNIXLOCAL", "UNIXREMOTE"].contains { name.starts(with: $0.utf8) }
  }
}

/// What is known of a thread whose program serves a connection.
struct Visit: Equatable, Sendable {
  let listener: ListenerID
  /// The server's thread.
  let server: ThreadID
  /// The connection's own.
  let custodian: CustodianID
  let visitor: Visitor
  /// How long it has before it is broken; nil is for ever.
  let timeout: Duration?
  /// Whether its program runs, or will not.
  var isStartOver = false
  var isBroken = false
}
