import Autograd
import Testing

@testable import NN

/// Running averages of 16-bit values in float32: increments of a thousandth are below the spacing of bfloat16 long
/// before an average of ones reaches 1.
@Suite(.serialized) struct SixteenBitTests {
  /// An average that began at 0 after 2,000 ones.
  private static let expected = Float(1 - 0.135199925)  // 0.999^2000

  @Test(arguments: [DType.float16, .bfloat16]) func momentsOfAdam(_ type: DType) throws {
    let parameter = Parameter(Tensor([1, 2], dtype: type))
    let optimizer = Adam([parameter], learningRate: 0, betas: (0.999, 0.999))
    for _ in 1...2000 { optimizer.step(Gradients([(parameter, Tensor([1, 1], dtype: type))])) }
    let state = optimizer.state(named: [("w", parameter)])
    for name in ["exp_avg", "exp_avg_sq"] {
      let moment = try #require(state["state.w.\(name)"])
      #expect(moment.dtype == .float32)
      #expect(moment.floats.allSatisfy { abs($0 - Self.expected) < 1e-5 })
    }
    #expect(parameter.dtype == type && parameter.value.dtype == type)
  }

  private static let optimizers: [(String, @Sendable ([Parameter]) -> any Optimizer)] = [
    ("SGD", { SGD($0, momentum: 0.9) }), ("AdamW", { AdamW($0, amsgrad: true) }),
    ("Adamax", { Adamax($0) }), ("NAdam", { NAdam($0) }), ("RAdam", { RAdam($0) }),
    ("RMSprop", { RMSprop($0, momentum: 0.5, centered: true) }),
    ("Adagrad", { Adagrad($0, initialAccumulator: 0.5) }), ("Adadelta", { Adadelta($0) }),
    ("Lion", { Lion($0) }), ("LBFGS", { LBFGS($0) }),
  ]

  /// Every tensor remembered has 32 bits, after loading too, also from a file whose tensors have 16.
  @Test(arguments: 0..<10) func everyState(_ index: Int) throws {
    let (name, make) = Self.optimizers[index]
    let parameter = Parameter(Tensor([1, 2], dtype: .bfloat16))
    let names = [(path: "w", parameter: parameter)]
    func step(_ optimizer: any Optimizer) {
      optimizer.step(Gradients([(parameter, Tensor([0.5, -0.25], dtype: .bfloat16))]))
    }
    func hasHalf(_ optimizer: any Optimizer) -> Bool {
      optimizer.state(named: names).contains { [.float16, .bfloat16].contains($0.tensor.dtype) }
    }
    let optimizer = make([parameter])
    for _ in 1...2 { step(optimizer) }
    let state = optimizer.state(named: names)
    #expect(!hasHalf(optimizer) && state.contains { $0.tensor.shape == [2] }, "\(name)")
    let other = make([parameter])
    let halves = state.map { name, tensor in
      (name: name, tensor: tensor.shape == [2] ? tensor.asType(.bfloat16) : tensor)
    }
    try other.restore(StateDictionary(halves), named: names)
    step(other)
    #expect(!hasHalf(other) && parameter.dtype == .bfloat16, "\(name)")
  }

  @Test func weightAverages() throws {
    let parameter = Parameter(Tensor([0], dtype: .bfloat16))
    let average = WeightAverage([parameter], decay: 0.999)
    average.update()
    parameter.value = Tensor([1], dtype: .bfloat16)
    for _ in 1...2000 { average.update() }
    #expect(abs(try #require(average.averages[0]).floats[0] - Self.expected) < 1e-5)
    // The model computes in its own type meanwhile.
    let applied = average.applied { parameter.value }
    #expect(applied.dtype == .bfloat16 && applied.floats[0] != 1)
    #expect(parameter.value.floats == [1] && parameter.dtype == .bfloat16)
  }

  @Test(arguments: [true, false]) func statisticsOfNorms(_ isBatchNorm: Bool) throws {
    let layer: any Layer =
      isBatchNorm
      ? BatchNorm2d(1, momentum: 0.001)
      : InstanceNorm2d(1, momentum: 0.001, trackRunningStatistics: true)
    layer.to(.bfloat16)
    let x = Tensor([0, 2], shape: [1, 1, 1, 2], dtype: .bfloat16)  // mean 1, unbiased variance 2
    for _ in 1...2000 { _ = layer(x) }
    let buffers = Dictionary(uniqueKeysWithValues: layer.namedBuffers.map { ($0.path, $0.buffer) })
    let mean = try #require(buffers["running_mean"]).value
    #expect(mean.dtype == .float32 && abs(mean.floats[0] - Self.expected) < 1e-5)
    let variance = try #require(buffers["running_var"]).value
    #expect(abs(variance.floats[0] - (1 + Self.expected)) < 1e-5)
    layer.evaluate()
    #expect(layer(x).dtype == .bfloat16)
  }
}
