import Testing

@testable import Autograd

/// The fused operation against the operations it stands for: bit for bit.
@Suite struct ConvActivationPoolTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let activation: FusedActivation
    /// [outputChannels, channels, kernelHeight, kernelWidth].
    let kernel: [Int]
    let padding: Int
    /// nil for no pool.
    let pool: (size: Int, stride: Int, padding: Int)?
    var isMaximum = false
    var ceilMode = false
    var countIncludesPadding = true

    var testDescription: String {
      "\(activation) \(kernel) \(padding) \(pool.map { "\($0)" } ?? "") \(isMaximum) \(ceilMode)"
    }

    static let all = [
      Case(activation: .sigmoid, kernel: [7, 2, 5, 3], padding: 2, pool: (2, 2, 0)),
      Case(
        activation: .relu, kernel: [5, 2, 3, 3], padding: 0, pool: (3, 2, 1),
        countIncludesPadding: false),
      Case(activation: .tanh, kernel: [3, 2, 2, 2], padding: 1, pool: (3, 1, 1)),
      Case(activation: .tanh, kernel: [4, 2, 3, 3], padding: 0, pool: (3, 2, 1), ceilMode: true),
      Case(activation: .sigmoid, kernel: [6, 2, 4, 4], padding: 1, pool: (2, 2, 0)),
      Case(activation: .relu, kernel: [6, 2, 3, 3], padding: 1, pool: (2, 2, 0), isMaximum: true),
      Case(
        activation: .tanh, kernel: [5, 2, 3, 3], padding: 0, pool: (3, 2, 1), isMaximum: true,
        ceilMode: true),
      Case(activation: .relu, kernel: [5, 2, 3, 3], padding: 1, pool: nil),
      Case(activation: .silu, kernel: [5, 2, 3, 3], padding: 1, pool: nil),
      Case(activation: .gelu, kernel: [3, 2, 3, 3], padding: 0, pool: nil),
      Case(activation: .leakyRelu(slope: 0.2), kernel: [5, 2, 3, 3], padding: 1, pool: nil),
    ]

    func tensors(_ batch: Int, _ dtype: DType) -> [Tensor] {
      var random = RandomStream(seed: 4, path: "fused")
      return [
        random.normal([batch, 2, 13, 12], dtype: dtype),
        random.normal(kernel, standardDeviation: 0.3, dtype: dtype),
        random.normal([kernel[0]], dtype: dtype),
      ]
    }

    func fused(_ x: [Tensor]) -> Tensor? {
      let window = pool.map {
        SlidingWindow(
          pooling: "pool", 2, .all($0.size), .all($0.stride), .all($0.padding), ceilMode: ceilMode)
      }
      return ConvActivationPool(
        convolution: SlidingWindow(
          "conv2d", kernel: Array(kernel[2...]), padding: [padding, padding]),
        activation: activation,
        pool: window.map {
          isMaximum
            ? .maximum($0) : .average($0, countIncludesPadding: countIncludesPadding)
        })(x[0], x[1], x[2])
    }

    func oneByOne(_ x: [Tensor]) -> Tensor {
      let y = conv2d(x[0], x[1], bias: x[2], padding: [padding, padding])
      let activated =
        switch activation {
        case .sigmoid: y.sigmoid()
        case .tanh: y.tanh()
        case .relu: y.relu()
        case .silu: y.silu()
        case .gelu: y.gelu()
        case .leakyRelu(let slope): y.leakyRelu(negativeSlope: slope)
        }
      guard let pool else { return activated }
      if isMaximum {
        return maxPool2d(
          activated, kernelSize: .all(pool.size), stride: .all(pool.stride),
          padding: .all(pool.padding), ceilMode: ceilMode)
      }
      return avgPool2d(
        activated, kernelSize: .all(pool.size), stride: .all(pool.stride),
        padding: [pool.padding, pool.padding],
        ceilMode: ceilMode, countIncludesPadding: countIncludesPadding)
    }
  }

  @Test(arguments: Case.all, [DType.float32, .float64])
  func givesTheBitsOfTheOperations(_ test: Case, _ dtype: DType) {
    for batch in [8, 37] {
      let tensors = test.tensors(batch, dtype)
      for wanted in [[], [0], [1], [2], [0, 2], [1, 2], [0, 1, 2]] {
        func run(_ body: ([Tensor]) -> Tensor) -> [Tensor] {
          let tape = Tape()
          var inputs = tensors
          for index in wanted { inputs[index] = tape.watch(inputs[index]) }
          let y = body(inputs)
          return [y.stoppingGradient()]
            + tape.gradient(of: y.square().sum(), at: wanted.map { inputs[$0] })
        }
        let found = run { inputs in
          let y = test.fused(inputs)
          #expect(y != nil)
          return y ?? Tensor(0, dtype: dtype)
        }
        for (a, b) in zip(found, run(test.oneByOne)) {
          #expect(a.shape == b.shape && a.bits == b.bits, "\(batch) \(wanted)")
        }
      }
    }
  }

  /// A user's cotangent and gradients of gradients are recorded by the single operations.
  @Test(arguments: Case.all) func secondOrderIsThatOfTheOperations(_ test: Case) {
    let tensors = test.tensors(8, .float64)
    func second(_ body: @escaping ([Tensor]) -> Tensor) -> [Tensor] {
      gradients(at: tensors) { outer in
        gradients(at: outer) { body($0).square().sum() }
          .map { ($0 * $0).sum() }.reduce(Tensor(0, dtype: .float64)) { $0 + $1 }
      }
    }
    for (a, b) in zip(second { test.fused($0)! }, second(test.oneByOne)) {
      #expect((a - b).abs().max().item() < 1e-12 * b.abs().max().item())
    }
  }

  @Test func operandsThatCannotBeFusedGiveNil() {
    let (test, x) = (Case.all[0], Case.all[0].tensors(16, .float32))
    #expect(test.fused(x) != nil)
    #expect(test.fused([x[0], x[1].asType(.float64), x[2]]) == nil)
    #expect(test.fused(x.map { $0.asType(.bfloat16) }) == nil)
    #expect(test.fused([.zeros([16, 3, 13, 12]), x[1], x[2]]) == nil)  // another number of channels
    #expect(test.fused([.zeros([16, 2, 1, 1]), x[1], x[2]]) == nil)  // the window does not fit
    #expect(  // too few images
      test.fused([.zeros([1, 2, 13, 12]), x[1], x[2]]) == nil || CPU.laneCount(.float32) < 4)
  }
}
