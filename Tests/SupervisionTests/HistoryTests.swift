import HeddleModel
import HeddleWire
import Supervision
import Testing

@Suite("the history, as far as it is remembered")
struct HistoryTests {
  private static let now = Instant(nanoseconds: 1_000_000_000_000)
  private let thread = Happening.Subject(id: ThreadID(rawValue: 7), name: nil)

  private func history(_ whats: [Happening.What], by: String = "") -> History {
    var history = History()
    for (second, what) in whats.enumerated() {
      let instant = Instant(nanoseconds: Self.now.nanoseconds - UInt64(whats.count - second) * 1_000_000_000)
      let date = Moment(nanoseconds: UInt64(second) * 1_000_000_000)
      history.append(what, second % 2 == 0 ? thread : nil, by: by, at: instant, date)
    }
    return history
  }

  private func page(_ query: HistoryQuery, of history: History, bytesMax: Int = .max) -> HistoryPage {
    var thread: ThreadID?
    if case .id(let id) = query.thread { thread = id }
    return history.page(query, of: thread, bytesMax: bytesMax, at: Self.now)
  }

  @Test("it is told from where one was, oldest first, without gaps")
  func after() {
    let history = history([.suspended, .resumed, .mailEnded])
    #expect(page(HistoryQuery(), of: history).happenings.map(\.number) == [1, 2, 3])
    let rest = page(HistoryQuery(after: 1), of: history)
    #expect(rest.happenings.map(\.kind) == [.resumed, .mailEnded])
    #expect(rest.through == 3 && !rest.hasMore && rest.lost == 0)
    #expect(page(HistoryQuery(after: 3), of: history) == HistoryPage(happenings: [], through: 3))
    #expect(page(HistoryQuery(after: .max), of: history).happenings.isEmpty)
  }

  @Test("a query chooses by kind, thread, span, date and number")
  func choice() {
    let history = history([.suspended, .resumed, .suspended, .mailEnded])
    func numbers(_ query: HistoryQuery) -> [UInt64] { page(query, of: history).happenings.map(\.number) }
    #expect(numbers(HistoryQuery(kinds: [.suspended])) == [1, 3])
    #expect(numbers(HistoryQuery(thread: .id(ThreadID(rawValue: 7)))) == [1, 3])
    #expect(numbers(HistoryQuery(since: .age(.seconds(2)))) == [3, 4])
    #expect(numbers(HistoryQuery(since: .time(Moment(nanoseconds: 3_000_000_000)))) == [4])
    #expect(numbers(HistoryQuery(newest: 2)) == [3, 4])
    #expect(numbers(HistoryQuery(kinds: [.suspended], newest: 1)) == [3])
    #expect(page(HistoryQuery(newest: 0), of: history) == HistoryPage(happenings: [], through: 4))
  }

  @Test("what does not fit one answer comes with the next, and one fits in any case")
  func pages() {
    let history = history([.suspended, .resumed, .suspended, .mailEnded], by: String(repeating: "x", count: 100))
    var query = HistoryQuery(kinds: [.suspended, .mailEnded])
    var told: [UInt64] = []
    for expected in [true, true, false] {
      let page = page(query, of: history, bytesMax: 10)
      #expect(page.happenings.count == 1 && page.hasMore == expected)
      told += page.happenings.map(\.number)
      query.after = page.through
    }
    #expect(told == [1, 3, 4])
    #expect(page(HistoryQuery(), of: history, bytesMax: 700).happenings.count == 2)
  }

  @Test("the oldest make room, within both bounds, and whoever is behind is told how many are lost")
  func bounds() {
    var many = History()
    for _ in 0..<(History.countMax + 25) { many.append(.suspended, nil, by: "", at: Self.now, .epoch) }
    #expect(many.count == History.countMax)
    #expect(page(HistoryQuery(after: 5), of: many).lost == 20)
    #expect(page(HistoryQuery(after: 25), of: many).lost == 0)
    var long = History()
    let text = String(repeating: "x", count: 100_000)
    for _ in 0..<100 { long.append(.logDegraded(text), nil, by: "", at: Self.now, .epoch) }
    #expect(long.count == History.bytesMax / 100_192)
  }
}
