/// Left-aligned columns under headings, as wide as what is in them.
struct Table {
  struct Column {
    let heading: String
    let cells: [String]
    /// Columns with the higher number go first when the table is too wide; those with 0 stay.
    let dropOrder: Int

    init(_ heading: String, _ cells: [String], dropOrder: Int = 0) {
      self.heading = heading
      self.cells = cells
      self.dropOrder = dropOrder
    }

    var width: Int { cells.map(\.count).reduce(heading.count, max) }
  }

  private static let gap = "  "
  var columns: [Column]

  /// The lines, without trailing blanks, in at most `columnsMax` columns as far as dropping can make it so.
  func lines(columnsMax: Int? = nil) -> [String] {
    var table = self
    while let columnsMax, table.width > columnsMax, table.dropOne() {}
    let rowCount = columns.first?.cells.count ?? 0
    return (-1..<rowCount).map { table.line($0) }
  }

  private var width: Int { columns.reduce(0) { $0 + $1.width + Self.gap.count } - Self.gap.count }

  /// Whether there was a column to drop.
  private mutating func dropOne() -> Bool {
    guard let worst = columns.map(\.dropOrder).max(), worst > 0 else { return false }
    columns.removeAll { $0.dropOrder == worst }
    return true
  }

  /// A row, or the headings for -1.
  private func line(_ row: Int) -> String {
    var line = ""
    for column in columns {
      let cell = row < 0 ? column.heading : column.cells[row]
      line += cell + String(repeating: " ", count: column.width - cell.count) + Self.gap
    }
    while line.last == " " { line.removeLast() }
    return line
  }
}
