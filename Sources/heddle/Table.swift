/// Left-aligned columns under headings, as wide as what is in them.
struct Table {
  struct Column {
    /// What becomes of cells that are too wide for the terminal.
    enum Cut {
      case never
      /// They lose their middles, but for so many columns.
      case middle(least: Int)
      /// They lose their ends, but for so many columns.
      case end(least: Int)
    }

    let heading: String
    fileprivate(set) var cells: [String]
    /// The colour of each cell; none at all if it is empty.
    let tones: [Palette.Tone?]
    /// Columns with the higher number go first when the table is too wide; those with 0 stay.
    let dropOrder: Int
    let cut: Cut

    init(
      _ heading: String,
      _ cells: [String],
      tones: [Palette.Tone?] = [],
      dropOrder: Int = 0,
      cut: Cut = .never
    ) {
      self.heading = heading
      self.cells = cells
      self.tones = tones
      self.dropOrder = dropOrder
      self.cut = cut
    }

    var width: Int { cells.map(\.columns).reduce(heading.columns, max) }

    /// How narrow it can be made.
    fileprivate var least: Int {
      switch cut {
      case .never: width
      case .middle(let least), .end(let least): min(width, max(least, heading.columns))
      }
    }

    fileprivate mutating func shrink(to most: Int, isUTF8: Bool) {
      switch cut {
      case .never: break
      case .middle: cells = cells.map { $0.cut(.middle, to: most, isUTF8: isUTF8) }
      case .end: cells = cells.map { $0.cut(.end, to: most, isUTF8: isUTF8) }
      }
    }
  }

  private static let gap = "  "
  private let isUTF8: Bool
  var columns: [Column]

  init(isUTF8: Bool = true, columns: [Column]) {
    self.isUTF8 = isUTF8
    self.columns = columns
  }

  /// The lines, without trailing blanks, in at most `columnsMax` columns as far as cutting and dropping can make it so: cells
  /// are cut as far as that is of use, else columns are dropped.
  func lines(columnsMax: Int? = nil, _ palette: Palette = .plain) -> [String] {
    var table = self
    if let columnsMax {
      while table.leastWidth > columnsMax, table.dropOne() {}
      table.shrink(to: columnsMax)
    }
    let rowCount = columns.first?.cells.count ?? 0
    return (-1..<rowCount).map { table.line($0, palette) }
  }

  private var gaps: Int { (columns.count - 1) * Self.gap.count }
  private var width: Int { columns.map(\.width).reduce(gaps, +) }
  private var leastWidth: Int { columns.map(\.least).reduce(gaps, +) }

  /// Whether there was a column to drop.
  private mutating func dropOne() -> Bool {
    guard let worst = columns.map(\.dropOrder).max(), worst > 0 else { return false }
    columns.removeAll { $0.dropOrder == worst }
    return true
  }

  /// Cuts the widest column that can be, again and again; then those that are left without regard to what is of use.
  private mutating func shrink(to most: Int) {
    for isForced in [false, true] {
      while case let excess = width - most, excess > 0 {
        let room = columns.map { column in
          if case .never = column.cut { 0 } else { column.width - (isForced ? column.heading.columns : column.least) }
        }
        guard let index = room.indices.max(by: { room[$0] < room[$1] }), room[index] > 0 else { break }
        columns[index].shrink(to: columns[index].width - min(excess, room[index]), isUTF8: isUTF8)
      }
    }
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
      blanks = column.width - cell.columns + Self.gap.count
    }
    return line
  }
}
