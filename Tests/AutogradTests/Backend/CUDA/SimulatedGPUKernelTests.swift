import Platform
import TestSupport
import Testing

@testable import Autograd

/// Reductions, products and kernels of indices against the CPU, in sizes that take every path.
@Suite struct SimulatedGPUKernelTests {
  private static let simulated = SimulatedGPU()

  /// Fails unless the GPU has a kernel whose result is the CPU's, relative to the largest element.
  private func check(
    _ primitive: Primitive, _ inputs: [Tensor], into y: Tensor, tolerance: Double = 0,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let expected = NDArray.uninitialized(dtype: y.dtype, shape: y.shape, on: .cpu)
    expected.copyMemory(of: y.array)
    let found = expected.copied(to: Self.simulated.device)
    _ = CPU.run(primitive, inputs.map(\.array), into: [expected])
    let copies = inputs.map { $0.array.copied(to: Self.simulated.device) }
    guard Self.simulated.gpu.run(primitive, copies, into: [found]) else {
      Issue.record("\(primitive.name) \(y.dtype) has no kernel", sourceLocation: sourceLocation)
      return
    }
    let (elements, others) = (
      Tensor(found).scalars(as: Double.self), Tensor(expected).scalars(as: Double.self)
    )
    let scale = others.reduce(0) { max($0, $1.isFinite ? $1.magnitude : 0) }
    for (index, (element, other)) in zip(elements, others).enumerated() {
      if element == other || element.isNaN && other.isNaN { continue }
      if (element - other).magnitude <= tolerance * scale { continue }
      Issue.record(
        "\(primitive.name) \(y.summary) element \(index): \(element), not \(other)",
        sourceLocation: sourceLocation)
      return
    }
  }

  @Test(arguments: DType.computed)
  func reductions(_ dtype: DType) {
    var random = RandomStream(seed: 1)
    let shapes = [
      (1, 1, 1), (3, 10, 1), (1, 20_000, 1), (600, 300, 1), (2, 70, 5), (1, 5_000, 3), (4, 7, 300),
    ]
    for (outer, reduced, inner) in shapes {
      let count = outer * reduced * inner
      var x = random.integers([count], in: 0..<100).asType(dtype)
      if dtype.isFloatingPoint { x = random.normal([count], dtype: dtype) }
      let tolerance = dtype == .float32 ? 1e-6 : dtype == .float64 ? 1e-13 : 0
      for f in ReduceOp.allCases {
        check(
          .reduce(f, outer: outer, reduced: reduced, inner: inner), [x],
          into: .zeros([outer * inner], dtype: dtype), tolerance: f == .sum ? tolerance : 0)
      }
      check(
        .argmax(rows: outer * inner, columns: reduced), [x],
        into: .zeros([outer * inner], dtype: .int64))
    }
  }

  @Test func notANumberIsLargest() {
    let x = Tensor([1, Double.nan, 3, .nan, 5, -.infinity, 2, 2, 1, 2, 0, 2]).reshape([2, 6])
    check(.argmax(rows: 2, columns: 6), [x], into: .zeros([2], dtype: .int64))
    check(.reduce(.maximum, outer: 2, reduced: 6, inner: 1), [x], into: .zeros([2]))
    check(.reduce(.minimum, outer: 1, reduced: 2, inner: 6), [x], into: .zeros([6]))
  }

  @Test func sumsOfSquares() {
    var random = RandomStream(seed: 2)
    for dtype in [DType.float32, .float64] {
      for count in [0, 1, 300, 50_000] {
        check(
          .sumOfSquares, [random.normal([count], dtype: dtype)], into: .zeros([], dtype: .float64),
          tolerance: 1e-6)
      }
    }
  }

  @Test(arguments: RowOp.allCases)
  func rows(_ f: RowOp) {
    var random = RandomStream(seed: 3)
    for (rows, columns) in [(1, 1), (5, 10), (3, 40), (2, 1000)] {
      let x = random.normal([rows, columns]) * 10
      for x in [x, x.replacing(0, with: -.infinity), x.replacing(0, with: .infinity)] {
        check(
          .rows(f, rows: rows, columns: columns), [x],
          into: .zeros(f == .logSumExp ? [rows] : [rows, columns]), tolerance: 1e-6)
      }
    }
  }

  @Test(arguments: [DType.float32, .float64])
  func products(_ dtype: DType) {
    var random = RandomStream(seed: 4)
    let tolerance = dtype == .float32 ? 2e-6 : 1e-14
    let sizes = [
      (1, 1, 1), (3, 5, 7), (17, 16, 33), (64, 70, 20), (1, 100, 300), (130, 1, 9), (700, 900, 20),
    ]
    for (rows, columns, depth) in sizes {
      let a = random.normal([rows, depth], dtype: dtype)
      let b = random.normal([depth, columns], dtype: dtype)
      let wide = random.normal([depth, 2 * rows], dtype: dtype)
      for a in [a, wide[.all, 0..<rows].transpose()] {
        check(.matmul, [a, b], into: .zeros([rows, columns], dtype: dtype), tolerance: tolerance)
      }
    }
    let a = random.normal([2, 1, 3, 4, 5], dtype: dtype)
    let b = random.normal([3, 5, 6], dtype: dtype)
    check(
      .matmul, [a, b.flip([1])], into: .zeros([2, 1, 3, 4, 6], dtype: dtype), tolerance: tolerance)
    check(
      .matmul, [a.expand([2, 4, 3, 4, 5]), b], into: .zeros([2, 4, 3, 4, 6], dtype: dtype),
      tolerance: tolerance)
    let row = random.normal([6], dtype: dtype)
    check(.addRow, [row], into: random.normal([9, 6], dtype: dtype))
  }

  @Test(arguments: [DType.float32, .float64])
  func planes(_ dtype: DType) {
    var random = RandomStream(seed: 5)
    for (planes, few, many) in [(1, 1, 1), (3, 20, 7), (6, 50, 30_000)] {
      let indices = random.integers([planes, few], in: 0..<many).asType(.int32)
      check(
        .gatherPlanes(planes: planes, xCount: many, yCount: few, isAdjoint: false),
        [random.normal([planes, many], dtype: dtype), indices],
        into: .zeros([planes, few], dtype: dtype))
      check(
        .gatherPlanes(planes: planes, xCount: few, yCount: many, isAdjoint: true),
        [random.normal([planes, few], dtype: dtype), indices],
        into: .ones([planes, many], dtype: dtype))
    }
  }

  @Test(arguments: DType.allCases)
  func rowsByIndex(_ dtype: DType) {
    var random = RandomStream(seed: 6)
    let indices = random.integers([30], in: 0..<12)
    for width in [1, 3, 300] {
      let x = random.integers([12, width], in: 0..<100).asType(.float32).asType(dtype)
      let other = random.integers([30, width], in: 0..<100).asType(.float32).asType(dtype)
      check(.gatherRows, [x, indices], into: other)
      check(.scatterRows, [other, indices], into: x)
      if dtype != .float32 && dtype != .float64 { continue }
      let y = random.normal([12, width], dtype: dtype)
      for skipped in [nil, 3] {
        check(
          .scatterAddRows(skipping: skipped),
          [random.normal([30, width], dtype: dtype), indices], into: y)
      }
    }
  }

  @Test func indices() {
    var random = RandomStream(seed: 7)
    let indices = random.integers([4, 9, 5], in: 0..<6)
    check(
      .lastWriters(outer: 4, length: 9, inner: 5, size: 6), [indices.asType(.int32)],
      into: .zeros([4, 6, 5], dtype: .int32))
    for dtype in [DType.int32, .int64] {
      for (bound, ignored) in [(6, nil), (5, 5)] {
        let range = IndexRange(operation: "test", bound: bound, ignored: ignored)
        check(.checkIndices(range), [indices], into: .zeros([4, 9, 5], dtype: dtype))
      }
    }
  }

  @Test func whatHasNoKernelFallsBack() {
    let simulated = SimulatedGPU()
    let x = Tensor([1, 2, 3], dtype: .float64, device: simulated.device)
    #expect((x.exp().log() - x).abs().max().item() < 1e-12)
    #expect(simulated.gpu.fallback.counts["map exp float64"]?.calls == 1)
    #expect(simulated.gpu.fallback.counts["- float64"] == nil)
  }

  @Test func fallbacksAreToldOnce() async {
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      let x = Tensor([1, 2, 3], device: SimulatedGPU(fallbackPolicy: .warn).device)
      _ = (x.cumsum(axis: 0), x.cumsum(axis: 0), x.asType(.float64).cumsum(axis: 0), x + 1)
    }
    let lines = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
      .split(separator: "\n").filter { $0.hasPrefix("Autograd:") }
    #expect(lines.count == 2, "\(lines)")
    for (line, (dtype, bytes)) in zip(lines, [("float32", 24), ("float64", 48)]) {
      #expect(
        line.hasSuffix(
          "no kernel for cumsum \(dtype): it runs on the CPU, and copies \(bytes) bytes"))
    }
  }

  @Test func fallbacksCanBeErrors() async {
    let device = SimulatedGPU(fallbackPolicy: .error).device
    #expect((Tensor([1, 2], device: device) + 1).scalars() == [2, 3])
    #expect(device.fallbackPolicy == .error && Device.cpu.fallbackPolicy == .silent)
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor([1, 2], device: SimulatedGPU(fallbackPolicy: .error).device).cumsum(axis: 0)
    }
    expect(result, names: "gpu 0", "no kernel", "cumsum float32")
  }

  /// In processes of their own, as the variable belongs to the process.
  @Test func theEnvironmentSaysWhatFallbacksDo() async {
    await #expect(processExitsWith: .success) {
      #expect(Fallback().policy == .warn)
      for policy in Device.FallbackPolicy.allCases {
        setenv("AUTOGRAD_FALLBACK", policy.rawValue, 1)
        #expect(Fallback().policy == policy)
      }
      setenv("AUTOGRAD_FALLBACK", "", 1)
      #expect(Fallback().policy == .warn)
    }
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      setenv("AUTOGRAD_FALLBACK", "never", 1)
      _ = Fallback()
    }
    expect(result, names: "AUTOGRAD_FALLBACK", "never", "warn, silent, error")
  }
}

extension Tensor {
  /// All elements of the first row replaced.
  fileprivate func replacing(_ row: Int, with value: Float) -> Tensor {
    concatenate([Tensor.full([1, size(1)], value), self[1...]], axis: 0)
  }
}
