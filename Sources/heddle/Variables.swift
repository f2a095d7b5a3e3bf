internal import ArgumentParser

/// An environment; environ(7). In the order in which its variables were first set.
struct Variables {
  private(set) var all: [[UInt8]]

  init(_ all: [[UInt8]]) { self.all = all }

  /// Sets a variable, in place of one of the same name.
  mutating func set(_ key: [UInt8], to value: [UInt8]) {
    let variable = key + [UInt8(ascii: "=")] + value
    if let index = Self.index(of: key, in: all) { all[index] = variable } else { all.append(variable) }
  }

  /// A variable's value; nil if it is not set.
  static func value(of key: [UInt8], in variables: [[UInt8]]) -> [UInt8]? {
    index(of: key, in: variables).map { Array(variables[$0].dropFirst(key.count + 1)) }
  }

  private static func index(of key: [UInt8], in variables: [[UInt8]]) -> Int? {
    variables.firstIndex { $0.starts(with: key) && $0.count > key.count && $0[key.count] == UInt8(ascii: "=") }
  }
}

/// A variable as `--env` takes it: "KEY=VALUE".
struct VariableArgument: ExpressibleByArgument {
  let key: [UInt8]
  let value: [UInt8]

  /// The same, but says what is wrong.
  static func parse(_ text: String) throws -> VariableArgument {
    if let variable = VariableArgument(argument: text) { return variable }
    throw ValidationError("'\(text)' sets no variable: give its name, = and its value, as in LANG=C or EMPTY=.")
  }

  init?(argument: String) {
    guard let sign = argument.utf8.firstIndex(of: UInt8(ascii: "=")), sign > argument.startIndex else { return nil }
    key = Array(argument.utf8[..<sign])
    value = Array(argument.utf8[argument.utf8.index(after: sign)...])
  }
}
