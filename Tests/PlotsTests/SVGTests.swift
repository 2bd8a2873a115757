import Testing

@testable import Plots

@Suite struct SVGTests {
  @Test func escapesTextAndAttributes() {
    #expect(
      SVG.escaped("a<b> & \"c\" 'd'\u{1}\u{0}é😀")
        == "a&lt;b&gt; &amp; &quot;c&quot; &apos;d&apos;\u{FFFD}\u{FFFD}é😀")
    #expect(SVG.element("a", ["b": "<\">"]) == "<a b=\"&lt;&quot;&gt;\"/>")
    #expect(SVG.element("a", [:], "<b/>") == "<a><b/></a>")
  }

  @Test(arguments: [
    (1.0, "1"), (0, "0"), (-0.001, "0"), (10, "10"), (1.5, "1.5"), (2.126, "2.13"), (100, "100"),
  ])
  func numbersAreShort(_ value: Double, _ text: String) {
    #expect(SVG.number(value) == text)
  }

  @Test func textHasColorForEveryRenderer() throws {
    let text = try parsedXML(SVG.text("a & b", aside: "<c>", x: 1, y: 2.5, anchor: "end"))
    #expect(text[0].text == "a & b<c>")
    #expect(text[0].attributes["fill"] == Ink.text.light)
    #expect(text[0].attributes["style"] == "fill:var(--nn-text,\(Ink.text.light))")
    #expect(text[0].attributes["text-anchor"] == "end")
    #expect(text[1].name == "tspan" && text[1].attributes["fill"] == Ink.muted.light)
  }

  @Test func documentSpeaksToThoseWhoCannotSeeIt() throws {
    let elements = try parsedXML(
      SVG.document(width: 10, height: 20.5, title: "A & B", description: "<d>", content: ["<g/>"]))
    #expect(elements[0].name == "svg")
    #expect(elements[0].attributes["viewBox"] == "0 0 10 20.5")
    #expect(elements[0].attributes["role"] == "img")
    #expect(elements.named("title").map(\.text) == ["A & B"])
    #expect(elements.named("desc").map(\.text) == ["<d>"])
    #expect(elements.named("g").count == 1)
  }
}
