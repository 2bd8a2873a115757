import Foundation

/// The public functions that return tensors (or change one in place), read from the sources.
///
/// A name holds the types of unlabeled parameters and the labels of the others, which tells
/// overloads apart: `sum(axes:, keepDims:)`, `where(Tensor, Tensor, Number)`.
enum PublicOperations {
  /// Functions without a row in the gradient table, each with its reason.
  static let withoutGradient: [String: String] = [
    "argmax(axis:, keepDims:)": "integer result", "argmin(axis:, keepDims:)": "integer result",
    "argsort(axis:, descending:)": "integer result", "nonzero()": "integer result",
    "oneHot(Tensor, classCount:, dtype:)": "integer argument",
    ".&(Tensor, Tensor)": "bool result", ".|(Tensor, Tensor)": "bool result",
    ".^(Tensor, Tensor)": "bool result", ".!(Tensor)": "bool result",
    "any(axes:, keepDims:)": "bool result", "any(axis:, keepDims:)": "bool result",
    "all(axes:, keepDims:)": "bool result", "all(axis:, keepDims:)": "bool result",
    "isNaN()": "bool result", "isInfinite()": "bool result", "isFinite()": "bool result",
    "round()": "its gradient is zero, it is not recorded",
    "floor()": "its gradient is zero, it is not recorded",
    "ceil()": "its gradient is zero, it is not recorded",
    "trunc()": "its gradient is zero, it is not recorded",
    "floorDivide(Tensor)": "its gradient is zero, it is not recorded",
    "truncDivide(Tensor)": "its gradient is zero, it is not recorded",
    "sign()": "its gradient is zero, it is not recorded",
    ".==(Tensor, Tensor)": "bool result", ".==(Tensor, Number)": "bool result",
    ".!=(Tensor, Tensor)": "bool result", ".!=(Tensor, Number)": "bool result",
    ".<(Tensor, Tensor)": "bool result", ".<(Tensor, Number)": "bool result",
    ".<=(Tensor, Tensor)": "bool result", ".<=(Tensor, Number)": "bool result",
    ".>(Tensor, Tensor)": "bool result", ".>(Tensor, Number)": "bool result",
    ".>=(Tensor, Tensor)": "bool result", ".>=(Tensor, Number)": "bool result",
    "stoppingGradient()": "stops gradients by definition",
    "full([Int], Number, dtype:, device:)": "creates a constant",
    "zeros([Int], dtype:, device:)": "creates a constant",
    "ones([Int], dtype:, device:)": "creates a constant", "zerosLike()": "creates a constant",
    "onesLike()": "creates a constant", "arange(Int, dtype:, device:)": "creates a constant",
    "arange(Int, Int, step:, dtype:, device:)": "creates a constant",
    "arange(Double, Double, step:, dtype:, device:)": "creates a constant",
    "linspace(Double, Double, count:, dtype:, device:)": "creates a constant",
    "eye(Int, Int?, dtype:, device:)": "creates a constant",
  ]

  static func names() throws -> [String] {
    let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Sources/Autograd")
    var names: [String] = []
    for folder in ["Operations", "Tensor"] {
      for file in try swiftFiles(below: sources.appending(path: folder)) {
        names += self.names(in: try String(contentsOf: file, encoding: .utf8))
      }
    }
    return names
  }

  /// The Swift files in a folder and in the folders in it.
  static func swiftFiles(below folder: URL) throws -> [URL] {
    try FileManager.default.subpathsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(".swift") }.map { folder.appending(path: $0) }
  }

  static func names(in source: String) -> [String] {
    let code = source.split(separator: "\n").map { line in
      line.drop { $0 == " " }.hasPrefix("//") ? "" : String(line)
    }.joined(separator: "\n").replacing("->", with: "→")
      .replacing("public subscript", with: "public func subscript")
    let declaration =
      /public (?:(?:static|prefix|consuming|borrowing|mutating) )*func ([\w`]+|[-+*\/.<>=!&|^]+)\s*/
    let property = /public (?:static )?var (\w+): \[?Tensor\b/
    var names = code.matches(of: property).map { String($0.1) }
    for match in code.matches(of: declaration) {
      var rest = code[match.range.upperBound...]
      if rest.first == "<", let end = rest.firstIndex(of: ">") {
        rest = rest[rest.index(after: end)...]
      }
      guard let parameters = balanced(rest) else { continue }
      let result = rest[parameters.endIndex...].dropFirst().prefix { $0 != "{" }
      guard result.contains("Tensor") || parameters.contains("inout Tensor") else { continue }
      names.append("\(match.1.filter { $0 != "`" })(\(labels(parameters)))")
    }
    return names
  }

  /// What stands inside the parentheses that the text begins with.
  private static func balanced(_ text: Substring) -> Substring? {
    guard let open = text.firstIndex(of: "(") else { return nil }
    var depth = 0
    for index in text[open...].indices {
      if text[index] == "(" { depth += 1 }
      if text[index] == ")" { depth -= 1 }
      if depth == 0 { return text[text.index(after: open)..<index] }
    }
    return nil
  }

  private static func labels(_ parameters: Substring) -> String {
    var parts: [String] = [""]
    var depth = 0
    for character in parameters {
      if "([<".contains(character) { depth += 1 }
      if ")]>".contains(character) { depth -= 1 }
      if character == "," && depth == 0 {
        parts.append("")
      } else {
        parts[parts.count - 1].append(character)
      }
    }
    return parts.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }.filter { !$0.isEmpty }
      .map { part in
        let halves = part.split(separator: ":", maxSplits: 1)
        let names = halves[0].split(separator: " ")
        var type = String(halves[1].prefix { $0 != "=" }).trimmingCharacters(in: .whitespaces)
        for prefix in ["consuming ", "borrowing ", "inout ", "some ", "any "]
        where type.hasPrefix(prefix) {
          type.removeFirst(prefix.count)
        }
        let isOperator = names.count == 1 && ["a", "b", "x", "number"].contains(names[0])
        return names[0] == "_" || isOperator ? type : "\(names[0]):"
      }.joined(separator: ", ")
  }
}
