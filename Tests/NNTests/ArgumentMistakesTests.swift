import Autograd
import TestSupport
import Testing

@testable import NN

/// Senseless arguments of initializers that no suite of a family covers, and what the message says: the
/// type, the argument, the value and what was expected.
@Suite struct ArgumentMistakesTests {
  private static var one: [Parameter] { [Parameter(shape: [1])] }

  // MARK: Layers

  static let layers = [
    Mistake("Softplus", "beta", "0", "threshold", "nan", "20.0") { _ = Softplus(beta: .nan) },
    Mistake("LeakyReLU", "slope", "nan") { _ = LeakyReLU(negativeSlope: .nan) },
    Mistake("ELU", "alpha", "inf") { _ = ELU(alpha: .infinity) },
    Mistake("CELU", "alpha", "0", "nan") { _ = CELU(alpha: .nan) },
    Mistake("Hardtanh", "min nan", "max 1.0") { _ = Hardtanh(min: .nan) },
    Mistake("PReLU", "slope", "nan") { _ = PReLU(initial: .nan) },
    Mistake("BatchNorm2d", "epsilon", "0", "-1.0") { _ = BatchNorm2d(1, epsilon: -1) },
    Mistake("BatchNorm1d", "momentum", "0", "1", "nan") { _ = BatchNorm1d(1, momentum: .nan) },
    Mistake("LayerNorm", "epsilon", "0", "nan") { _ = LayerNorm(1, epsilon: .nan) },
    Mistake("LayerNorm", "normalized shape", "1", "[2, 0]") { _ = LayerNorm([2, 0]) },
    Mistake("RMSNorm", "epsilon", "0", "-0.1") { _ = RMSNorm(1, epsilon: -0.1) },
    Mistake("RMSNorm", "normalized shape", "1", "[-1]") { _ = RMSNorm(-1) },
    Mistake("GroupNorm", "3 groups", "4 channels") { _ = GroupNorm(3, 4) },
    Mistake("GroupNorm", "0 groups", "4 channels") { _ = GroupNorm(0, 4) },
    Mistake("GroupNorm", "epsilon", "0", "inf") { _ = GroupNorm(2, 4, epsilon: .infinity) },
    Mistake("InstanceNorm2d", "1 channel", "0") { _ = InstanceNorm2d(0) },
    Mistake("InstanceNorm2d", "epsilon", "0", "-1.0") { _ = LazyInstanceNorm2d(epsilon: -1) },
    Mistake("InstanceNorm2d", "momentum", "0", "1", "1.5") { _ = InstanceNorm2d(1, momentum: 1.5) },
    Mistake("Upsample", "scale factors", "0", "[2.0, 0.0]") { _ = Upsample(scaleFactor: [2, 0]) },
    Mistake("Upsample", "alignCorners", "nearest") {
      _ = Upsample(scaleFactor: 2, alignCorners: true)
    },
    Mistake("PixelUnshuffle", "factor", "1", "0") { _ = PixelUnshuffle(0) },
    Mistake("Flatten", "axis 2", "1") { _ = Flatten(from: 2, through: 1) },
    Mistake("Embedding", "1 vector", "size 1", "0", "size 3") { _ = Embedding(0, 3) },
    Mistake("Embedding", "float32 [0, 3]") { _ = Embedding(vectors: .zeros([0, 3])) },
    Mistake("Embedding", "padding index 3", "3 vectors") { _ = Embedding(3, 1, paddingIndex: 3) },
    Mistake("Bilinear", "[1, 0] -> 1") { _ = Bilinear(1, 0, 1) },
    Mistake("LSTM", "1 input", "3 -> 0") { _ = LSTM(3, 0) },
    Mistake("LSTM", "projection", "1", "hidden size 3", "3") { _ = LSTM(2, 3, projection: 3) },
    Mistake("GRU", "projection", "1", "hidden size 3", "2") { _ = GRU(2, 3, projection: 2) },
    Mistake("GRU", "1 layer", "0") { _ = GRU(3, 4, layers: 0) },
    Mistake("RNN", "dropout 0.5", "1") { _ = RNN(3, 4, dropout: 0.5) },
    Mistake("GRUCell", "1 input", "0 -> 2") { _ = GRUCell(0, 2) },
    Mistake("RotaryEmbedding", "0", "3", "10000.0") { _ = RotaryEmbedding(3) },
    Mistake("PositionalEncoding", "size 0", "maxLength 1000", "1") { _ = PositionalEncoding(0) },
    Mistake("Parameter", "[-1]") { _ = Parameter(shape: [-1, nil]) },
    Mistake("Buffer", "[2, -3]") { _ = Buffer(shape: [2, -3], initial: 0) },
  ]

  // MARK: Training

  static let training = [
    Mistake("SGD", "momentum", "0", "-0.1") { _ = SGD(one, momentum: -0.1) },
    Mistake("SGD", "dampening", "nan") { _ = SGD(one, momentum: 0.9, dampening: .nan) },
    Mistake("SGD", "weight decay", "0", "-1.0") { _ = SGD(one, weightDecay: -1) },
    Mistake("AdamW", "learning rate", "0", "inf") { _ = AdamW(one, learningRate: Double.infinity) },
    Mistake("Adam", "epsilon", "0", "-1.0") { _ = Adam(one, epsilon: -1) },
    Mistake("Adamax", "beta2", "0", "1", "-0.5") { _ = Adamax(one, betas: (0.9, -0.5)) },
    Mistake("NAdam", "momentum decay", "0", "-1.0") { _ = NAdam(one, momentumDecay: -1) },
    Mistake("RAdam", "beta1", "0", "1", "nan") { _ = RAdam(one, betas: (.nan, 0.9)) },
    Mistake("Lion", "beta2", "0", "1", "1.0") { _ = Lion(one, betas: (0.9, 1)) },
    Mistake("RMSprop", "alpha", "0", "1", "1.5") { _ = RMSprop(one, alpha: 1.5) },
    Mistake("Adagrad", "decay", "0", "-1.0") { _ = Adagrad(one, learningRateDecay: -1) },
    Mistake("Adagrad", "initial accumulator", "0", "-1.0") {
      _ = Adagrad(one, initialAccumulator: -1)
    },
    Mistake("Adadelta", "rho", "0", "1", "-0.1") { _ = Adadelta(one, rho: -0.1) },
    Mistake("LBFGS", "iteration", "0") { _ = LBFGS(one, maxIterations: 0) },
    Mistake("LBFGS", "tolerance", "0", "-1.0") { _ = LBFGS(one, gradientTolerance: -1) },
    Mistake("WeightAverage", "decay", "0", "1", "1.0") { _ = WeightAverage(one, decay: 1) },
    Mistake("step", "gamma", "0", "nan") { _ = Schedule.step(size: 1, gamma: .nan) },
    Mistake("multiStep", "milestones", "0", "[5, 3]") { _ = Schedule.multiStep(at: [5, 3]) },
    Mistake("multiStep", "gamma", "0", "-1.0") { _ = Schedule.multiStep(at: [5], gamma: -1) },
    Mistake("exponential", "gamma", "0", "inf") { _ = Schedule.exponential(gamma: .infinity) },
    Mistake("polynomial", "power", "0", "-1.0") { _ = Schedule.polynomial(steps: 1, power: -1) },
    Mistake("polynomial", "steps", "1", "0") { _ = Schedule.polynomial(steps: 0) },
    Mistake("cosine", "minimum", "0", "-0.1") { _ = Schedule.cosine(steps: 1, minimum: -0.1) },
    Mistake("cosineWithRestarts", "factor", "1", "0") {
      _ = Schedule.cosineWithRestarts(steps: 1, factor: 0)
    },
    Mistake("constant", "factor", "0", "1", "nan") { _ = Schedule.constant(factor: .nan) },
    Mistake("oneCycle", "maximum", "0", "-1.0") { _ = Schedule.oneCycle(maximum: -1, steps: 2) },
    Mistake("oneCycle", "rising fraction", "0", "1", "1.5") {
      _ = Schedule.oneCycle(maximum: 1, steps: 2, risingFraction: 1.5)
    },
    Mistake("linear", "steps", "1", "-1") { _ = Schedule.unchanging.warmedUp(steps: -1) },
    Mistake("product", "one schedule") { _ = Schedule.product([]) },
    Mistake("Plateau", "patience", "cooldown", "-1", "0") { _ = Plateau(SGD(one), patience: -1) },
    Mistake("Plateau", "minimum", "0", "-1.0") {
      var options = Plateau.Options()
      options.minimum = -1
      _ = Plateau(SGD(one), options)
    },
    Mistake("xavierUniform", "gain", "0", "-1.0") { _ = Initializer.xavierUniform(gain: -1) },
    Mistake("kaimingNormal", "gain", "0", "nan") {
      _ = Initializer.kaimingNormal(nonlinearity: .leakyReLU(slope: .nan))
    },
    Mistake("uniform", "low", "high", "0.0", "inf") { _ = Initializer.uniform(high: .infinity) },
    Mistake("normal", "mean", "nan") { _ = Initializer.normal(mean: .nan) },
    Mistake("truncatedNormal", "mean", "standard deviation", "0", "low", "high") {
      _ = Initializer.truncatedNormal(standardDeviation: 0)
    },
    Mistake("orthogonal", "gain", "nan") { _ = Initializer.orthogonal(gain: .nan) },
    Mistake("sparse", "sparsity", "0", "1", "1.1") { _ = Initializer.sparse(sparsity: 1.1) },
    Mistake("sparse", "standard deviation", "0", "-1.0") {
      _ = Initializer.sparse(sparsity: 0.5, standardDeviation: -1)
    },
    Mistake("dirac", "group", "0") { _ = Initializer.dirac(groups: 0) },
    Mistake("BatchSequence", "batch size", "1", "-1") {
      _ = BatchSequence(
        TensorDataset(inputs: .zeros([1]), labels: .zeros([1])), order: [0], batchSize: -1)
    },
    Mistake("Trainer", "gradientClip", "0", "nan") {
      _ = Trainer(maxEpochs: 1, gradientClip: .nan)
    },
    Mistake("tripletMarginLoss", "margin", "0", "0.0 and 2.0") {
      _ = tripletMarginLoss(.zeros([1, 1]), .zeros([1, 1]), .zeros([1, 1]), margin: 0)
    },
  ]

  @Test(arguments: (layers + training).indices) func stop(index: Int) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [index] in
      (ArgumentMistakesTests.layers + ArgumentMistakesTests.training)[index].body()
    }
    expect(result, names: (Self.layers + Self.training)[index].names)
  }
}
