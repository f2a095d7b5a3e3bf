import HeddleModel
import HeddleWire
import Testing

@testable import heddle

@Suite("what selectors mean")
struct SelectorTests {
  @Test("a selector is a name, an id, a pattern or a custodian")
  func forms() throws {
    #expect(Selector(argument: "web") == .thread(.name(try EntityName("web"))))
    #expect(Selector(argument: "id:7f3a") == .thread(.id(Samples.id)))
    #expect(Selector(argument: "web.*") == .glob("web.*"))
    #expect(Selector(argument: "[ab]") == .glob("[ab]"))
    #expect(Selector(argument: "@job") == .subtree(try CustodianReference(parsing: "/main/job")))
    #expect(Selector(argument: "@/") == .subtree(CustodianReference(.root)))
    for wrong in ["", "-a", "a b", "@//", "id:0"] { #expect(Selector(argument: wrong) == nil, "\(wrong)") }
  }

  @Test(
    "a letter too many, too few, wrong, or in its neighbour's place is one change",
    arguments: [
      ("tick", "tick", 0), ("tik", "tick", 1), ("tickk", "tick", 1), ("tack", "tick", 1), ("itck", "tick", 1),
      ("", "ab", 2),
    ]
  )
  func distance(from: String, to: String, changes: Int) {
    #expect(NameHint.distance(from: Array(from), to: Array(to)) == changes)
  }

  @Test("the nearest name is hinted at, and none that is far")
  func hints() {
    #expect(NameHint.nearest(to: "tiker", among: ["web", "ticker", "tinker"]) == "ticker")
    #expect(NameHint.nearest(to: "db", among: ["web", "ticker"]) == nil)
    #expect(NameHint.nearest(to: "a", among: ["b", "ps", ""]) == nil)
    #expect(NameHint.nearest(to: "pz", among: ["ps", "p"]) == nil)
    #expect(NameHint.nearest(to: "sp", among: ["run", "ps"]) == "ps")
    #expect(NameHint.nearest(to: "wbe", among: ["web"]) == "web")
    #expect(NameHint.nearest(to: "x", among: []) == nil)
  }
}

@Suite("colours")
struct PaletteTests {
  private func palette(isTerminal: Bool, _ variables: [String: String] = [:]) -> Palette {
    Palette(isTerminal: isTerminal) { variables[$0] }
  }

  @Test("a terminal has colours unless they are forbidden, and nothing else has unless they are forced")
  func rules() {
    #expect(palette(isTerminal: true).isColoured)
    #expect(!palette(isTerminal: false).isColoured)
    #expect(!palette(isTerminal: true, ["NO_COLOR": "1"]).isColoured)
    #expect(!palette(isTerminal: true, ["TERM": "dumb"]).isColoured)
    #expect(palette(isTerminal: false, ["FORCE_COLOR": "1"]).isColoured)
    #expect(palette(isTerminal: false, ["CLICOLOR_FORCE": "1", "TERM": "dumb"]).isColoured)
    #expect(!palette(isTerminal: false, ["FORCE_COLOR": "0"]).isColoured)
    #expect(!palette(isTerminal: true, ["NO_COLOR": "1", "FORCE_COLOR": "1"]).isColoured)
  }

  @Test("paint is around the text, and without colours the text is alone")
  func paint() {
    #expect(Palette(isColoured: true).paint("dead", .faint) == "\u{1B}[2mdead\u{1B}[0m")
    #expect(Palette(isColoured: true).paint("dead", nil) == "dead")
    #expect(Palette.plain.paint("dead", .bad) == "dead")
  }

  @Test(
    "a time span is spelled as it is given",
    arguments: [
      (Duration.zero, "0ms"), (.milliseconds(20), "20ms"), (.seconds(90), "90s"), (.milliseconds(1_050), "1.05s"),
    ]
  )
  func spelled(duration: Duration, text: String) {
    #expect(duration.spelled == text)
    #expect(DurationArgument(argument: text)?.duration == duration)
  }
}
