import CKernels
import Platform
import Testing

@testable import Autograd

/// The float32 functions against double precision: at most 2 units in the last place everywhere.
@Suite struct AccuracyTests {
  /// About four million floats: all exponents and both signs, mantissas spread evenly.
  private static let sample: [Float] = {
    let steps = stride(from: UInt32(0), through: .max - 1021, by: 1021).map(Float.init(bitPattern:))
    let edges: [Float] = [
      0, -0.0, .infinity, -.infinity, .nan, .leastNonzeroMagnitude, -.leastNonzeroMagnitude,
      .leastNormalMagnitude, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 1, -1, 0.625,
      -0.625, 88.72284, 88.72283, -87.33655, -103.97208, -103.972084, -103.28, 89, -104, 0.5,
      9.0109, -9.0109, 16.63, -16.63, 0.70710677, 1.4142135, 1.41421366,
    ]
    return steps + edges + edges.flatMap { [$0.nextUp, $0.nextDown] }
  }()

  /// The largest error in units in the last place, and where.
  private func worst(
    _ set: KernelSet, _ operation: CKMap, _ xs: [Float], _ exact: (Double) -> Double
  ) -> (error: Double, at: Float) {
    let ys = [Float](unsafeUninitializedCapacity: xs.count) { buffer, count in
      xs.withUnsafeBufferPointer { xs in
        let source = CKSource(data: xs.baseAddress!, inner: 1, outer: 0)
        set.kernels.map(operation, .float32, xs.count, 1, source, buffer.baseAddress!)
      }
      count = xs.count
    }
    var result = (error: 0.0, at: Float(0))
    for (x, y) in zip(xs, ys) {
      let expected = exact(Double(x))
      let rounded = Float(expected)
      let error: Double
      if rounded.isNaN || y.isNaN {
        error = rounded.isNaN && y.isNaN ? 0 : .infinity
      } else if rounded.isInfinite || y.isInfinite {
        error = rounded == y ? 0 : .infinity
      } else {
        error = abs(Double(y) - expected) / Double(rounded.ulp)
      }
      if error > result.error { result = (error, x) }
    }
    return result
  }

  @Test(arguments: KernelSet.all)
  func atMostTwoUnitsInTheLastPlace(_ set: KernelSet) {
    let functions: [(CKMap, String, @Sendable (Double) -> Double)] = [
      (.exp, "exp", { exp($0) }), (.log, "log", { log($0) }), (.tanh, "tanh", { tanh($0) }),
      (.sigmoid, "sigmoid", { 1 / (1 + exp(-$0)) }), (.errorFunction, "erf", { erf($0) }),
      (.log1p, "log1p", { log1p($0) }), (.expm1, "expm1", { expm1($0) }),
      (.sin, "sin", { sin($0) }), (.cos, "cos", { cos($0) }),
    ]
    for (operation, name, exact) in functions {
      let (error, at) = worst(set, operation, Self.sample, exact)
      #expect(error <= 2, "\(name)(\(at)) is \(error) units off")
    }
  }

  /// A smooth relu x * p(x) with its derivative, and those of p.
  private struct SmoothRelu: Sendable {
    let name: String
    let (map, slope): (CKMap, CKZip)
    let (p, derivative): (@Sendable (Double) -> Double, @Sendable (Double) -> Double)
  }

  private static let smoothRelus = [
    SmoothRelu(
      name: "gelu", map: .gelu, slope: .geluGradient, p: { 0.5 * erfc(-$0 * 0.5.squareRoot()) },
      derivative: { exp(-$0 * $0 / 2) / (2 * Double.pi).squareRoot() }),
    SmoothRelu(
      name: "silu", map: .silu, slope: .siluGradient, p: { 1 / (1 + exp(-$0)) },
      derivative: { 1 / (2 + exp($0) + exp(-$0)) }),
  ]

  /// The result where it is not tiny beside x, and the absolute errors also in the tail below.
  @Test(arguments: KernelSet.all)
  func smoothRelus(_ set: KernelSet) {
    let near = Self.sample.filter { !($0 < -1) }
    let tail = Self.sample.filter { $0 < -1 && $0 > -1e30 }
    for function in Self.smoothRelus {
      let (error, at) = worst(set, function.map, near) {
        $0 == .infinity ? $0 : $0 * function.p($0)
      }
      #expect(error <= 3, "\(function.name)(\(at)) is \(error) units off")
      for dtype in [DType.float32, .float64] {
        for xs in [near.filter { $0.magnitude < 1e10 }, tail] {
          let x = Tensor(scalars: xs).asType(dtype)
          let ones = x.onesLike()
          let (y, slope) = (Cells(dtype, x.count), Cells(dtype, x.count))
          let source = { (x: Tensor) in CKSource(data: x.array.data, inner: 1, outer: 0) }
          set.kernels.map(function.map, dtype.kernelType, x.count, 1, source(x), y.memory)
          set.kernels.zip(
            function.slope, dtype.kernelType, x.count, 1, source(ones), source(x), slope.memory)
          let allowed = dtype == .float32 ? 3e-7 : 1e-15
          var worst = (0.0, 0.0, Float(0))
          for (index, x) in xs.enumerated() {
            let (wide, p) = (Double(x), function.p(Double(x)))
            let errors = (
              abs(value(y, dtype, index) - wide * p) / max(1, wide),
              abs(value(slope, dtype, index) - (p + wide * function.derivative(wide)))
            )
            worst = (max(worst.0, errors.0), max(worst.1, errors.1), x)
          }
          #expect(worst.0 <= allowed && worst.1 <= 2 * allowed, "\(function.name) \(worst)")
        }
      }
    }
  }

  /// Functions of two numbers, of which the second one stays: whole blocks of every kind of first one.
  @Test(arguments: KernelSet.all)
  func functionsOfTwoNumbers(_ set: KernelSet) {
    let functions: [(CKZip, @Sendable (Double, Double) -> Double, Double)] = [
      (.power, { pow($0, $1) }, 1), (.arcTangent, { atan2($0, $1) }, 1),
      (.truncatedRemainder, { fmod($0, $1) }, 0),
    ]
    let seconds: [Float] = [
      0, -0.0, 1, -1, 2, 3, -3, 0.5, -2.5, 1 / 3, 7, 100, 1e-20, -1e20, 16_777_216, 3e9, .infinity,
    ]
    let firsts = Self.sample.enumerated().filter { $0.offset % 31 == 0 }.map(\.element)
      .filter { !$0.isSignalingNaN }
    for (operation, exact, allowed) in functions {
      for second in seconds {
        let y = Cells(.float32, firsts.count)
        firsts.withUnsafeBufferPointer { firsts in
          withUnsafePointer(to: second) { second in
            set.kernels.zip(
              operation, .float32, firsts.count, 1,
              CKSource(data: firsts.baseAddress!, inner: 1, outer: 0),
              CKSource(data: second, inner: 0, outer: 0), y.memory)
          }
        }
        for (index, first) in firsts.enumerated() {
          let expected = exact(Double(first), Double(second))
          let (found, rounded) = (value(y, .float32, index), Float(expected))
          let error = abs(found - expected) / Double(rounded.ulp)
          let isRight =
            rounded.isNaN
            ? found.isNaN : rounded.isInfinite ? found == Double(rounded) : error <= allowed
          #expect(isRight, "\(operation) of \(first) and \(second): \(found), not \(expected)")
        }
      }
    }
  }

  private func value(_ cells: Cells, _ dtype: DType, _ index: Int) -> Double {
    dtype == .float32
      ? Double(cells.memory.assumingMemoryBound(to: Float.self)[index])
      : cells.memory.assumingMemoryBound(to: Double.self)[index]
  }

  @Test(arguments: KernelSet.all)
  func squareRootsAndReciprocalsAreRoundedCorrectly(_ set: KernelSet) {
    #expect(worst(set, .squareRoot, Self.sample) { $0.squareRoot() }.error <= 0.5)
    #expect(worst(set, .reciprocal, Self.sample) { 1 / $0 }.error <= 0.5)
  }

  @Test(arguments: KernelSet.all)
  func signsAndLimits(_ set: KernelSet) {
    func value(_ operation: CKMap, _ x: Float) -> Float {
      var y = Float.nan
      withUnsafePointer(to: x) { x in
        let source = CKSource(data: x, inner: 1, outer: 0)
        set.kernels.map(operation, .float32, 1, 1, source, &y)
      }
      return y
    }
    #expect(value(.exp, -.infinity) == 0 && value(.exp, .infinity) == .infinity)
    #expect(value(.log, 0) == -.infinity && value(.log, .infinity) == .infinity)
    #expect(value(.log, -1).isNaN && value(.log, 1) == 0)
    #expect(value(.tanh, -0.0).sign == .minus && value(.tanh, -.infinity) == -1)
    #expect(value(.sigmoid, -.infinity) == 0 && value(.sigmoid, .infinity) == 1)
    #expect(value(.sigmoid, 0) == 0.5)
    #expect(value(.errorFunction, -0.0).sign == .minus && value(.errorFunction, -.infinity) == -1)
    #expect(value(.gelu, .infinity) == .infinity && value(.gelu, -100) == 0)
    for operation in [CKMap.exp, .log, .tanh, .sigmoid, .errorFunction, .gelu] {
      #expect(value(operation, .nan).isNaN)
    }
  }
}
