import Foundation
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// An element of a parsed document with all text inside it.
struct ParsedElement {
  var name: String
  var attributes: [String: String]
  var text = ""
}

/// All elements of a document in order; a document that is not well-formed fails the test.
func parsedXML(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws
  -> [ParsedElement]
{
  let collector = Collector()
  let parser = XMLParser(data: Data(text.utf8))
  parser.delegate = collector
  try #require(
    parser.parse(), "not well-formed: \(String(describing: parser.parserError))",
    sourceLocation: sourceLocation)
  return collector.elements
}

extension [ParsedElement] {
  func named(_ name: String) -> [ParsedElement] { filter { $0.name == name } }
  var texts: [String] { named("text").map(\.text) }
}

private final class Collector: NSObject, XMLParserDelegate {
  var elements: [ParsedElement] = []
  private var open: [Int] = []

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
    qualifiedName: String?,
    attributes: [String: String]
  ) {
    open.append(elements.count)
    elements.append(ParsedElement(name: name, attributes: attributes))
  }
  func parser(
    _ parser: XMLParser, didEndElement: String, namespaceURI: String?, qualifiedName: String?
  ) {
    open.removeLast()
  }
  func parser(_ parser: XMLParser, foundCharacters text: String) {
    for index in open { elements[index].text += text }
  }
}
