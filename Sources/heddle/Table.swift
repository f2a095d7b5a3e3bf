/// Left-aligned columns under headings, as wide as what is in them.
struct Table {
  struct Column {
    let heading: String
    let cells: [String]
    /// The colour of each cell; none at all if it is empty.
    let tones: [Palette.Tone?]
    /// Columns with the higher number go first when the table is too wide; those with 0 stay.
    let dropOrder: Int

    init(_ heading: String, _ cells: [String], tones: [Palette.Tone?] = [], dropOrder: Int = 0) {
      self.heading = heading
      self.cells = cells
      self.tones = tones
      self.dropOrder = dropOrder
    }

    var width: Int { cells.map(\.count).reduce(heading.count, max) }
  }

  private static let gap = "  "
  var columns: [Column]

  /// The lines, without trailing blanks, in at most `columnsMax` columns as far as dropping can make it so.
  func lines(columnsMax: Int? = nil, _ palette: Palette = .plain) -> [String] {
    var table = self
    while let columnsMax, table.width > columnsMax, table.dropOne() {}
    let rowCount = columns.first?.cells.count ?? 0
    return (-1..<rowCount).map { table.line($0, palette) }
  }

  private var width: Int { columns.reduce(0) { $0 + $1.width + Self.gap.count } - Self.gap.count }

  /// Whether there was a column to drop.
  private mutating func dropOne() -> Bool {
    guard let worst = columns.map(\.dropOrder).max(), worst > 0 else { return false }
    columns.removeAll { $0.dropOrder == worst }
    return true
  }

  /// A row, or the headings for -1.
  private func line(_ row: Int, _ palette: Palette) -> String {
    var (line, blanks) = ("", 0)
    for column in columns {
      let cell = row < 0 ? column.heading : column.cells[row]
      let tone = row < 0 || column.tones.isEmpty ? nil : column.tones[row]
      guard !cell.isEmpty else {
        blanks += column.width + Self.gap.count
        continue
      }
      line += String(repeating: " ", count: blanks) + palette.paint(cell, tone)
      blanks = column.width - cell.count + Self.gap.count
    }
    return line
  }
}
