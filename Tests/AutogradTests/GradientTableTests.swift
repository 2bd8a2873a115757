import TestCases
import Testing

@testable import Autograd

struct GradientTableTests {
  static let cases = GradientTable.rows.flatMap(\.cases)
  /// The largest errors are 3e-10 for gradients and 3e-9 for gradients of gradients, whose
  /// difference quotients carry the noise of a longer computation.
  static let secondOrderTolerance = 1e-7

  @Test(arguments: cases)
  func firstAndSecondOrder(_ row: GradientCase) throws {
    let inputs = row.inputs()
    #expect(throws: Never.self) {
      try checkGradients(of: row.function, at: inputs, tolerance: 1e-6, seed: 1)
      try checkGradients(
        of: row.function, at: inputs, order: 2, tolerance: Self.secondOrderTolerance, seed: 2)
    }
  }

  @Test(arguments: cases)
  func float32AgreesWithFloat64(_ row: GradientCase) throws {
    let narrow = gradients(row, dtype: .float32)
    let wide = gradients(row, dtype: .float64)
    for (index, pair) in zip(narrow, wide).enumerated() {
      let (found, expected) = (pair.0.scalars(as: Double.self), pair.1.scalars(as: Double.self))
      #expect(pair.0.dtype == .float32 && pair.0.shape == pair.1.shape)
      let scale = expected.reduce(1e-3) { max($0, $1.magnitude) }
      for element in found.indices {
        let error = (found[element] - expected[element]).magnitude / scale
        #expect(
          error <= GradientCase.float32Tolerance,
          "input \(index), element \(element): \(found[element]), float64 \(expected[element])")
      }
    }
  }

  private func gradients(_ row: GradientCase, dtype: DType) -> [Tensor] {
    let tape = Tape()
    let inputs = row.inputs(dtype: dtype).map { tape.watch($0) }
    let y = row.function(inputs)
    var random = RandomStream(seed: 3)
    let cotangent = random.uniform(y.shape, low: 0.5, high: 1.5, dtype: .float32)
    return tape.pullback(of: y, cotangent: cotangent.asType(y.dtype), at: inputs)
  }

  @Test func everyPublicOperationHasOneRow() throws {
    let names = Set(try PublicOperations.names())
    let rows = GradientTable.rows.map(\.operation)
    let excluded = Set(PublicOperations.withoutGradient.keys)
    #expect(rows.count == Set(rows).count, "a row is there twice")
    #expect(
      names.subtracting(rows).subtracting(excluded).sorted() == [],
      "public operations without a row in GradientTable")
    #expect(Set(rows).subtracting(names).sorted() == [], "rows of operations that do not exist")
    #expect(excluded.subtracting(names).sorted() == [], "exceptions that do not exist")
    #expect(excluded.intersection(rows).sorted() == [], "exceptions that have a row")
  }

  @Test func namesAreReadFromDeclarations() {
    let source = """
      public consuming func exp() -> Tensor { self }
      /// public func commented() -> Tensor
      func internalOne() -> Tensor
      public func item() -> Double { 0 }
      public static func <= (a: Tensor, b: some Number) -> Tensor {}
      public static func `where`(
        _ condition: Tensor, _ a: Tensor, otherwise b: (Int, Int) = (0, 1)
      ) -> Tensor {}
      public func split<Size: Number>(_ sizes: [Size], axis: Int = 0) -> [Tensor] {}
      public static func *= (a: inout Tensor, number: some Number) {}
      public var T: Tensor { transpose() }
      public subscript(_ places: any Index...) -> Tensor { self }
      """
    #expect(
      Set(PublicOperations.names(in: source)) == [
        "exp()", "<=(Tensor, Number)", "where(Tensor, Tensor, otherwise:)", "split([Size], axis:)",
        "*=(Tensor, Number)", "T", "subscript(Index...)",
      ])
  }
}
