internal import Foundation

/// A trace, read from a file of JSON lines.
package struct TraceFile: Equatable, Sendable {
  package let path: String
  package let lines: [TraceLine]

  /// Reads the whole file.
  package init(path: String) throws(TraceFileError) {
    let text: String
    do { text = try String(contentsOf: URL(filePath: path), encoding: .utf8) } catch {
      throw TraceFileError(
        path: path,
        line: nil,
        reason: "it cannot be read as UTF-8 text: \(error.localizedDescription)"
      )
    }
    try self.init(text: text, path: path)
  }

  /// Reads a file's contents. `path` is for messages only.
  package init(text: String, path: String) throws(TraceFileError) {
    var rows = text.split(separator: "\n", omittingEmptySubsequences: false)
    if rows.last == "" { rows.removeLast() }
    guard !rows.isEmpty else { throw TraceFileError(path: path, line: nil, reason: "it holds no lines") }
    let decoder = JSONDecoder()
    var lines: [TraceLine] = []
    for (index, row) in rows.enumerated() {
      do { lines.append(try decoder.decode(TraceLine.self, from: Data(row.utf8))) } catch {
        throw TraceFileError(path: path, line: index + 1, reason: TraceFileError.reason(of: error))
      }
    }
    self.path = path
    self.lines = lines
  }
}

/// Why a file is no trace.
package struct TraceFileError: Error, Equatable, CustomStringConvertible {
  package let path: String
  /// From 1; nil when it is about the file as a whole.
  package let line: Int?
  package let reason: String

  package init(path: String, line: Int?, reason: String) {
    self.path = path
    self.line = line
    self.reason = reason
  }

  package var description: String {
    let place = line.map { "\(path):\($0)" } ?? path
    return "\(place): not a trace: \(reason)"
  }

  /// What the JSON decoder found, as a sentence about the line.
  static func reason(of error: any Error) -> String {
    switch error {
    case DecodingError.keyNotFound(let key, _): "the key \"\(key.stringValue)\" is missing"
    case DecodingError.typeMismatch(_, let context): place(context) + context.debugDescription
    case DecodingError.valueNotFound(_, let context): place(context) + context.debugDescription
    case DecodingError.dataCorrupted(let context):
      context.codingPath.isEmpty ? "it is not a JSON object" : place(context) + context.debugDescription
    default: String(describing: error)
    }
  }

  private static func place(_ context: DecodingError.Context) -> String {
    guard let key = context.codingPath.first else { return "" }
    let items = context.codingPath.dropFirst().map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }
    return "under \"\(key.stringValue)\(items.joined())\": "
  }
}
