import HeddleServer
import HeddleThreads

/// One guest's stay, in the connection's thread.
struct Visit: Sendable {
  /// How many lines may wait for a guest who does not take them.
  private static let patience = 100
  private static let hall = "hall"

  private let lobby: Lobby
  private let input: InputPort
  private let output: OutputPort

  init(in lobby: Lobby, _ input: InputPort, _ output: OutputPort) {
    (self.lobby, self.input, self.output) = (lobby, input, output)
  }

  func run() async throws {
    let voice = try await LocalThread(mailLimit: Self.patience) { [output] in
      while let line = try await LocalThread.receive() as? String { try await output.write(line + "\n") }
    }
    guard let guest = try await welcome(voice) else { return }
    var room = Self.hall
    // Also when the guest is broken or killed.
    defer { lobby.move(guest, from: room, to: nil) }
    try await say("* \(guest.name) is here", in: room)
    while let line = try await line() {
      guard try await obey(line, guest, &room) else { break }
    }
    try await say("* \(guest.name) has left", in: room)
    // The last words are mail, too, and the voice ends with this thread.
    try await voice.send(Silence())
    try await voice.wait()
  }

  /// What ends a voice.
  private struct Silence {}

  /// Asks for a name that nobody has; nil if the guest goes first.
  private func welcome(_ voice: LocalThread) async throws -> Guest? {
    try await voice.send("* your name?")
    while let name = try await line() {
      let guest = Guest(name: name, ear: .current, voice: voice)
      if !name.isEmpty, lobby.admit(guest, to: Self.hall) { return guest }
      try await voice.send("* that name is taken; another?")
    }
    return nil
  }

  /// - Returns: whether the guest stays.
  private func obey(_ line: String, _ guest: Guest, _ room: inout String) async throws -> Bool {
    let words = line.split(separator: " ").map(String.init)
    switch (words.first, words.dropFirst().first) {
    case ("/quit", _): return false
    case ("/who", _):
      try await guest.hear("* here: " + lobby.guests(in: room).map(\.name).joined(separator: ", "))
    case ("/rooms", _): try await guest.hear("* rooms: " + lobby.overview.joined(separator: ", "))
    case ("/join", let new?):
      try await say("* \(guest.name) goes to \(new)", in: room)
      lobby.move(guest, from: room, to: new)
      room = new
      try await say("* \(guest.name) is here", in: room)
    default: try await say("\(guest.name): \(line)", in: room)
    }
    return true
  }

  private func say(_ line: String, in room: String) async throws {
    for guest in lobby.guests(in: room) { try await guest.hear(line) }
  }

  private func line() async throws -> String? {
    try await input.readLine(upTo: 1_000).map { String(decoding: $0, as: UTF8.self) }
  }
}
