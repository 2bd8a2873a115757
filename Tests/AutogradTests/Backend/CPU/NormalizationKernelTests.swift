import CKernels
import Testing

@testable import Autograd

/// Every kernel set against the plain reference: moments, products and affine maps of rows.
@Suite struct NormalizationKernelTests {
  @Test(arguments: KernelSet.all, [DType.float32, .float64])
  func rows(_ set: KernelSet, _ dtype: DType) {
    var random = RandomStream(seed: 71)
    let type = dtype.kernelType
    let epsilon = dtype == .float32 ? 0x1p-20 : 0x1p-49
    for columns in [1, 2, 9, 31, 32, 33, 100, 1_023, 1_024, 1_025, 2_304, 5_000] {
      let rows = 3
      let (x, dy) = (
        Cells(dtype, rows * columns, &random), Cells(dtype, rows * columns, &random)
      )
      let centers = [0.1, -2, 0.7]
      let maps = (0..<rows).map {
        CKRowMap(first: 0.5, second: Double($0) - 1.25, center: 0.3, shift: 2)
      }
      func run(
        _ set: KernelSet
      ) -> (moments: [Double], sums: [Double], both: Cells, one: Cells, affine: [Cells]) {
        var (moments, sums) = ([Double](repeating: 0, count: 6), [Double](repeating: 0, count: 6))
        set.kernels.rowMoments(type, rows, columns, x.memory, &moments)
        set.kernels.rowProducts(type, rows, columns, dy.memory, x.memory, centers, &sums)
        let (both, one) = (Cells(dtype, rows * columns), Cells(dtype, rows * columns))
        set.kernels.combineRows(
          type, rows, columns, maps, dy.memory, x.memory, nil, nil, both.memory)
        set.kernels.combineRows(
          type, rows, columns, maps, nil, x.memory, nil, nil, one.memory)
        // With a weight, a bias, or both.
        let affine = [(x, nil), (nil, dy), (x, dy)].map { (weight: Cells?, bias: Cells?) in
          let y = Cells(dtype, rows * columns)
          set.kernels.combineRows(
            type, rows, columns, maps, nil, x.memory, weight?.memory, bias?.memory, y.memory)
          return y
        }
        return (moments, sums, both, one, affine)
      }
      let (found, expected) = (run(set), run(.reference))
      // No element is larger than 4; neither are differences from centers above 6.
      for index in 0..<6 {
        let size = index % 2 == 0 ? 4.0 : 40 * Double(columns)
        #expect(abs(found.moments[index] - expected.moments[index]) <= epsilon * size)
        #expect(abs(found.sums[index] - expected.sums[index]) <= epsilon * 40 * Double(columns))
      }
      #expect(found.both.agree(with: expected.both, slack: { _ in epsilon * 10 }))
      #expect(found.one.agree(with: expected.one, slack: { _ in epsilon * 10 }))
      for (y, other) in zip(found.affine, expected.affine) {
        #expect(y.agree(with: other, slack: { _ in epsilon * 40 }))
      }
    }
  }
}
