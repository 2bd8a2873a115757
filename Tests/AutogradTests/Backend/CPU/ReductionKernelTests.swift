import CKernels
import Testing

@testable import Autograd

/// Every kernel set against the plain reference: reductions, argmax and functions of rows.
@Suite struct ReductionKernelTests {
  @Test(arguments: KernelSet.all, DType.computed)
  func reductions(_ set: KernelSet, _ dtype: DType) {
    var random = RandomStream(seed: 51)
    let type = dtype.kernelType
    for round in 0..<120 {
      let operation: CKReduce = [.sum, .maximum, .minimum][round % 3]
      let isWild = round % 2 == 1 && (operation != .sum || !dtype.isFloatingPoint)
      let rows = max(1, randomSize(&random))
      let columns = round % 10 == 0 ? 5_000 : max(1, randomSize(&random))
      let x = Cells(dtype, rows * columns, &random, isWild: isWild)
      let results = [set, .reference].map { set in
        let (byRow, byColumn) = (Cells(dtype, rows), Cells(dtype, columns))
        set.kernels.reduceRows(operation, type, rows, columns, x.memory, byRow.memory)
        set.kernels.reduceColumns(operation, type, rows, columns, x.memory, byColumn.memory)
        return (byRow, byColumn)
      }
      let epsilon = dtype == .float32 ? 0x1p-22 : 0x1p-51
      let values = x.values.map(abs)
      let isSum = operation == .sum && dtype.isFloatingPoint
      let rowSlack = { (row: Int) in
        epsilon * values[row * columns..<(row + 1) * columns].reduce(0, +)
      }
      let columnSlack = { (column: Int) in
        epsilon * (0..<rows).reduce(0) { $0 + values[$1 * columns + column] }
      }
      #expect(
        results[0].0.agree(with: results[1].0, slack: isSum ? rowSlack : nil),
        "rows \(operation.rawValue) [\(rows), \(columns)]")
      #expect(
        results[0].1.agree(with: results[1].1, slack: isSum ? columnSlack : nil),
        "columns \(operation.rawValue) [\(rows), \(columns)]")
    }
  }

  @Test(arguments: KernelSet.all, [DType.float32, .float64])
  func sumsOfInfinitiesAndNaN(_ set: KernelSet, _ dtype: DType) {
    for (special, expected) in [
      ([Double.infinity], Double.infinity), ([-.infinity], -.infinity), ([.nan], .nan),
      ([.infinity, -.infinity], .nan),
    ] {
      for count in [2, 17, 100, 1_000] {
        var values = [Double](repeating: 1, count: count)
        for (index, value) in special.enumerated() { values[count / 2 - index] = value }
        let x = Tensor(values, dtype: dtype)
        for (rows, columns) in [(1, count), (count, 1)] {
          let y = Cells(dtype, 1)
          let kernel = rows == 1 ? set.kernels.reduceRows : set.kernels.reduceColumns
          x.array.withElements(as: UInt8.self) { _ in
            kernel(.sum, dtype.kernelType, rows, columns, x.array.data, y.memory)
          }
          #expect(expected.isNaN ? y.values[0].isNaN : y.values[0] == expected)
        }
      }
    }
  }

  @Test(arguments: KernelSet.all, DType.computed)
  func argmax(_ set: KernelSet, _ dtype: DType) {
    var random = RandomStream(seed: 52)
    for round in 0..<80 {
      let (rows, columns) = (max(1, randomSize(&random)), max(1, randomSize(&random)))
      let x = Cells(dtype, rows * columns, &random, isWild: round % 2 == 1)
      if round % 4 == 0 {  // ties
        for index in 1..<max(2, x.count) where index < x.count {
          (x.memory + index * dtype.byteCount).copyMemory(
            from: x.memory + (index % 3) * dtype.byteCount, byteCount: dtype.byteCount)
        }
      }
      let results = [set, .reference].map { set in
        let y = Cells(.int64, rows)
        set.kernels.argmaxRows(
          dtype.kernelType, rows, columns, x.memory, y.memory.assumingMemoryBound(to: Int64.self))
        return y
      }
      #expect(results[0].agree(with: results[1]), "[\(rows), \(columns)]")
    }
  }

  @Test(arguments: KernelSet.all, [DType.float32, .float64])
  func functionsOfRows(_ set: KernelSet, _ dtype: DType) {
    var random = RandomStream(seed: 53)
    let type = dtype.kernelType
    for round in 0..<120 {
      let (rows, columns) = (max(1, randomSize(&random)), max(1, randomSize(&random)))
      let x = Cells(dtype, rows * columns, &random, isWild: round % 4 == 3)
      let results = [set.kernels, KernelSet.reference.kernels].map { kernels in
        let (soft, log) = (Cells(dtype, rows * columns), Cells(dtype, rows * columns))
        let sum = Cells(dtype, rows)
        kernels.softmaxRows(type, rows, columns, x.memory, soft.memory)
        kernels.logSoftmaxRows(type, rows, columns, x.memory, log.memory)
        kernels.logSumExpRows(type, rows, columns, x.memory, sum.memory)
        return [soft, log, sum]
      }
      let slack = dtype == .float32 ? 2e-6 : 1e-14
      for index in 0..<3 {
        #expect(
          results[0][index].agree(with: results[1][index], ulps: 8, slack: { _ in slack }),
          "\(index) [\(rows), \(columns)]")
      }
    }
  }
}
