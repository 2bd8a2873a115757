import Foundation
import Testing

/// Docs/Operations.md lists every operation, layer, initializer, optimizer and schedule, and nothing
/// else.
struct OperationsPageTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  @Test func operations() throws {
    let operations = try PublicOperations.names().map { String($0.prefix { $0 != "(" }) }
    try expectPage(under: "Operations", lists: operations)
  }

  @Test func randomNumbers() throws {
    try expectPage(
      under: "Random numbers",
      lists: declared(/public mutating func (\w+)/, in: "Autograd/Random/RandomStream.swift")
        .filter { $0 != "next" })
  }

  @Test func layers() throws {
    try expectPage(
      under: "Layers",
      lists: declared(/public (?:final class|typealias|func(?= Lazy)) (\w+)/, in: "NN/Layers")
        .filter { $0 != "State" })
  }

  @Test func initializers() throws {
    let files = ["NN/Module/Initializer.swift", "NN/Module/StructuredInitializers.swift"]
    try expectPage(
      under: "Initializers",
      lists: files.flatMap { try declared(/public static (?:let|func) (\w+)/, in: $0) })
  }

  @Test func optimizers() throws {
    try expectPage(
      under: "Optimizers",
      lists: declared(/public final class (\w+)/, in: "NN/Optimizers", except: "Schedules"))
  }

  @Test func schedules() throws {
    try expectPage(
      under: "Schedules",
      lists: declared(
        /public (?:static let|static func|final class) (\w+)/, in: "NN/Optimizers/Schedules")
        + ["warmedUp"])
  }

  /// Names that a pattern finds in a file or in the files below a folder, one of its folders excepted.
  private func declared(
    _ pattern: Regex<(Substring, Substring)>, in path: String, except excluded: String? = nil
  ) throws -> [String] {
    let location = Self.root.appending(path: "Sources").appending(path: path)
    let files =
      path.hasSuffix(".swift")
      ? [location]
      : try PublicOperations.swiftFiles(below: location)
        .filter { file in !(excluded.map { file.pathComponents.contains($0) } ?? false) }
    let names = try files.flatMap { file in
      try String(contentsOf: file, encoding: .utf8).matches(of: pattern).map { String($0.1) }
    }
    #expect(!names.isEmpty, "nothing is declared in \(path)")
    return names
  }

  /// Compares names with those in the first column of the tables in a section of the page.
  private func expectPage(under heading: String, lists names: [String]) throws {
    let page = try String(
      contentsOf: Self.root.appending(path: "Docs/Operations.md"), encoding: .utf8)
    let section = page.components(separatedBy: "\n## ").first { $0.hasPrefix(heading + "\n") }
    let listed = try #require(section, "no section \(heading)").split(separator: "\n")
      .filter { $0.hasPrefix("| `") }
      .flatMap { row in
        row.replacing("\\|", with: "|").split(separator: " | ")[0].matches(of: /`([^`(]+)[^`]*`/)
          .map { String($0.1) }
      }
    #expect(Set(names).subtracting(listed).sorted() == [], "missing in Docs/Operations.md")
    #expect(Set(listed).subtracting(names).sorted() == [], "in Docs/Operations.md, not in Sources")
    #expect(listed.count == Set(listed).count, "listed twice in Docs/Operations.md")
  }
}
