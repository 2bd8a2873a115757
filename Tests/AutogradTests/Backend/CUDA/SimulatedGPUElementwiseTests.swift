import TestSupport
import Testing

@testable import Autograd

/// Element-wise kernels, which must have the CPU's bits.
@Suite struct SimulatedGPUElementwiseTests {
  private static let simulated = SimulatedGPU()
  /// Whether the CPU's kernels use fused multiply-adds, as the GPU's do.
  private static let isFused = CPU.kernelName.hasPrefix("avx")

  /// All exponents and both signs, and the edges.
  private static let sample: [Float] =
    stride(from: UInt32(0), through: .max - 40_009, by: 40_009).map(Float.init(bitPattern:)) + [
      0, -0.0, 1, -1, 0.5, 2, 3, -3, .infinity, -.infinity, .nan, .leastNonzeroMagnitude,
      -.leastNormalMagnitude, .greatestFiniteMagnitude, 1e6, 1_000_001, -2e9, 16_777_216,
      33_554_430,
    ]

  private func array(_ scalars: [Float], _ shape: [Int]? = nil) -> NDArray {
    Tensor(scalars: scalars, shape: shape ?? [scalars.count]).array
  }

  /// Runs a primitive on both devices; the GPU must have a kernel for it.
  private func results(
    _ primitive: Primitive, _ inputs: [NDArray], _ y: (DType, [Int]),
    sourceLocation: SourceLocation = #_sourceLocation
  ) -> (found: Tensor, expected: Tensor) {
    let expected = NDArray.uninitialized(dtype: y.0, shape: y.1, on: .cpu)
    let found = NDArray.uninitialized(dtype: y.0, shape: y.1, on: Self.simulated.device)
    Backend.fill(expected, with: 1)
    found.copyMemory(of: expected)
    _ = CPU.run(primitive, inputs, into: [expected])
    let copies = inputs.map { $0.copied(to: Self.simulated.device) }
    let hasRun = Self.simulated.gpu.run(primitive, copies, into: [found])
    #expect(hasRun, "\(primitive.name)", sourceLocation: sourceLocation)
    return (Tensor(found.copied(to: .cpu)), Tensor(expected))
  }

  /// Fails unless all elements have the same bits, NaN aside, or are 2 units off where that is allowed.
  private func expectSame(
    _ pair: (found: Tensor, expected: Tensor), _ what: String,
    isRough: (Int) -> Bool = { _ in false },
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let found = pair.found.scalars(as: Float.self)
    let expected = pair.expected.scalars(as: Float.self)
    for (index, (y, other)) in zip(found, expected).enumerated() {
      if y.bitPattern == other.bitPattern || y.isNaN && other.isNaN { continue }
      if isRough(index) && (y - other).magnitude <= 2 * other.ulp { continue }
      Issue.record("\(what) element \(index): \(y), not \(other)", sourceLocation: sourceLocation)
      return
    }
  }

  @Test(.enabled(if: isFused), arguments: UnaryOp.allCases)
  func maps(_ f: UnaryOp) {
    let x = Self.sample
    // Beyond a million the CPU takes the C library's sine.
    expectSame(results(.map(f), [array(x)], (.float32, [x.count])), "\(f)") { index in
      (f == .sin || f == .cos) && x[index].magnitude > 1e6
    }
  }

  @Test(.enabled(if: isFused), arguments: BinaryOp.allCases)
  func zips(_ f: BinaryOp) {
    var random = RandomStream(seed: 5)
    let edges: [Float] = [
      0, -0.0, 1, -1, 2, -2, 0.5, 3, -3, .infinity, -.infinity, .nan, 0x1p-133, -0x1p-140, 1e10,
      2e9, 0.3,
      -7.5, 1e30, 1e-30,
    ]
    var (us, vs): ([Float], [Float]) = ([], [])
    for u in edges {
      for v in edges {
        us.append(u)
        vs.append(v)
      }
    }
    for index in 0..<60_000 {
      let bits = random.next()
      let (u, v) = (
        Float(bitPattern: UInt32(truncatingIfNeeded: bits)),
        Float(bitPattern: UInt32(truncatingIfNeeded: bits >> 32))
      )
      // Every third pair is of moderate size.
      us.append(index % 3 == 0 ? Float(Int32(bitPattern: u.bitPattern)) * 0x1p-28 : u)
      vs.append(index % 3 == 0 ? Float(Int32(bitPattern: v.bitPattern)) * 0x1p-28 : v)
    }
    expectSame(results(.zip(f), [array(us), array(vs)], (.float32, [us.count])), "\(f)") { index in
      f == .power && !(us[index].isNormal && vs[index].magnitude <= 1e9)
    }
    for isReversed in [false, true] {
      for scalar in [0.3, 2] {
        let primitive = Primitive.zipScalar(f, scalar, isReversed: isReversed)
        expectSame(results(primitive, [array(us)], (.float32, [us.count])), "\(f) \(scalar)") {
          f == .power && !(us[$0].isNormal && us[$0].magnitude <= 1e9)
        }
      }
    }
  }

  @Test func layouts() {
    var random = RandomStream(seed: 6)
    let x = random.normal([3, 4, 5, 6])
    let others = [
      x, x.transpose(0, 2), x[.all, .all, .all, 2..<3], x[0], x.flip([1, 3]), Tensor(2),
      x.permute([3, 1, 0, 2]),
    ]
    for a in others {
      expectSame(results(.map(.negate), [a.array], (.float32, a.shape)), "\(a.shape)")
      for b in others {
        guard let shape = broadcastShape(a.shape, b.shape) else { continue }
        let pair = [a.array, b.array]
        expectSame(results(.zip(.subtract), pair, (.float32, shape)), "\(a.shape) \(b.shape)")
        let found = results(.compare(.less), pair, (.bool, shape))
        #expect(found.found.bits == found.expected.bits)
        let condition = (a .> 0).array
        expectSame(
          results(.select, [condition] + pair, (.float32, shape)), "\(a.shape) \(b.shape)")
      }
    }
  }

  @Test func copiesConvertAsTheCPUDoes() {
    let values: [Double] = [
      0, -0.0, 1.5, -1.5, 255.9, 256, -1, 3e9, -3e9, 1e19, .nan, 7, 1e-8, 65519,
    ]
    for from in DType.allCases {
      let x = Tensor(values, dtype: .float64).asType(.float32).asType(from)
      for to in DType.allCases where !from.isHalf && !to.isHalf || from == to || to == .float32 {
        let pair = results(.copy, [x.array], (to, [values.count]))
        let (found, expected) = (
          pair.found.scalars(as: Double.self), pair.expected.scalars(as: Double.self)
        )
        #expect(
          zip(found, expected).allSatisfy {
            $0.bitPattern == $1.bitPattern || $0.isNaN && $1.isNaN
          },
          "\(from) to \(to)")
      }
    }
    for to in [DType.float16, .bfloat16] {
      let pair = results(.copy, [array(Self.sample)], (to, [Self.sample.count]))
      expectSame((pair.found.asType(.float32), pair.expected.asType(.float32)), "\(to)")
    }
  }

  @Test func integers() {
    var random = RandomStream(seed: 7)
    for dtype in [DType.int32, .int64, .uint8] {
      let low = dtype == .uint8 ? 0 : -9
      let a = random.integers([40], in: low..<10).asType(dtype).array
      let b = random.integers([40], in: low..<10).asType(dtype).array
      for f in [UnaryOp.negate, .abs, .sign, .relu, .square] {
        let pair = results(.map(f), [a], (dtype, [40]))
        #expect(pair.found.bits == pair.expected.bits, "\(f) \(dtype)")
      }
      for f in [BinaryOp.add, .subtract, .multiply, .maximum, .minimum, .remainder, .fmod] {
        let pair = results(.zip(f), [a, b], (dtype, [40]))
        #expect(pair.found.bits == pair.expected.bits, "\(f) \(dtype)")
      }
      for f in CompareOp.allCases {
        let pair = results(.compare(f), [a, b], (.bool, [40]))
        #expect(pair.found.bits == pair.expected.bits, "\(f) \(dtype)")
      }
      let pair = results(.zipScalar(.multiply, 3, isReversed: false), [a], (dtype, [40]))
      #expect(pair.found.bits == pair.expected.bits)
      #expect(
        !Self.simulated.gpu.run(.fill(0.5), [], into: [pair.found.to(Self.simulated.device).array]))
    }
  }

  @Test(.enabled(if: isFused), arguments: UpdateOp.allCases)
  func updates(_ f: UpdateOp) {
    var random = RandomStream(seed: 8)
    let factors = UpdateFactors(keep: 0.9, scale: -0.1, root: 1.1, epsilon: 1e-8)
    for dtype in [DType.float32, .float64] {
      let (u, v) = (random.normal([700], dtype: dtype), random.uniform([700], dtype: dtype))
      let pair = results(.update(f, factors), [u.array, v.array], (dtype, [700]))
      #expect(pair.found.bits == pair.expected.bits, "\(dtype)")
    }
  }
}
