import Autograd
import Testing

@testable import NN

/// Senseless arguments of initializers that no suite of a family covers, and what the message says: the
/// type, the argument, the value and what was expected.
@Suite struct ArgumentMistakesTests {
  private static var one: [Parameter] { [Parameter(shape: [1])] }

  // MARK: Layers

  static let layers = [
    Mistake("Softplus: beta must be finite and not 0, the threshold a number, got nan and 20.0") {
      _ = Softplus(beta: .nan)
    },
    Mistake("LeakyReLU: the slope must be a finite number, got nan") {
      _ = LeakyReLU(negativeSlope: .nan)
    },
    Mistake("ELU: alpha must be a finite number, got inf") { _ = ELU(alpha: .infinity) },
    Mistake("CELU: alpha must be finite and above 0, got nan") { _ = CELU(alpha: .nan) },
    Mistake("Hardtanh: min nan must be below max 1.0") { _ = Hardtanh(min: .nan) },
    Mistake("PReLU: the first slope must be a finite number, got nan") {
      _ = PReLU(initial: .nan)
    },
    Mistake("BatchNorm2d: epsilon must be a finite number of at least 0, got -1.0") {
      _ = BatchNorm2d(1, epsilon: -1)
    },
    Mistake("BatchNorm1d: the momentum must be at least 0 and at most 1, got nan") {
      _ = BatchNorm1d(1, momentum: .nan)
    },
    Mistake("LayerNorm: epsilon must be a finite number of at least 0, got nan") {
      _ = LayerNorm(1, epsilon: .nan)
    },
    Mistake("LayerNorm: the normalized shape needs sizes of at least 1, got [2, 0]") {
      _ = LayerNorm([2, 0])
    },
    Mistake("RMSNorm: epsilon must be a finite number of at least 0, got -0.1") {
      _ = RMSNorm(1, epsilon: -0.1)
    },
    Mistake("RMSNorm: the normalized shape needs sizes of at least 1, got [-1]") {
      _ = RMSNorm(-1)
    },
    Mistake("GroupNorm: 3 groups do not divide the 4 channels") { _ = GroupNorm(3, 4) },
    Mistake("GroupNorm: 0 groups do not divide the 4 channels") { _ = GroupNorm(0, 4) },
    Mistake("GroupNorm: epsilon must be a finite number of at least 0, got inf") {
      _ = GroupNorm(2, 4, epsilon: .infinity)
    },
    Mistake("InstanceNorm2d: needs at least 1 channel, got 0") { _ = InstanceNorm2d(0) },
    Mistake("InstanceNorm2d: epsilon must be a finite number of at least 0, got -1.0") {
      _ = LazyInstanceNorm2d(epsilon: -1)
    },
    Mistake("InstanceNorm2d: the momentum must be at least 0 and at most 1, got 1.5") {
      _ = InstanceNorm2d(1, momentum: 1.5)
    },
    Mistake("Upsample: needs one to three finite scale factors above 0, got [2.0, 0.0]") {
      _ = Upsample(scaleFactor: [2, 0])
    },
    Mistake("Upsample: alignCorners needs the linear mode, got nearest") {
      _ = Upsample(scaleFactor: 2, alignCorners: true)
    },
    Mistake("PixelUnshuffle: the factor must be at least 1, got 0") { _ = PixelUnshuffle(0) },
    Mistake("Flatten: the first axis 2 must not come after the last one 1") {
      _ = Flatten(from: 2, through: 1)
    },
    Mistake("Embedding: needs at least 1 vector of size 1, got 0 of size 3") {
      _ = Embedding(0, 3)
    },
    Mistake("Embedding: needs vectors [count, size], at least one element, got float32 [0, 3]") {
      _ = Embedding(vectors: .zeros([0, 3]))
    },
    Mistake("Embedding: the padding index 3 is out of range for 3 vectors") {
      _ = Embedding(3, 1, paddingIndex: 3)
    },
    Mistake("Bilinear: needs at least 1 input and output, got [1, 0] -> 1") {
      _ = Bilinear(1, 0, 1)
    },
    Mistake("LSTM: needs at least 1 input and hidden unit, got 3 -> 0") { _ = LSTM(3, 0) },
    Mistake("LSTM: a projection is an LSTM's, at least 1 and below the hidden size 3, got 3") {
      _ = LSTM(2, 3, projection: 3)
    },
    Mistake("GRU: a projection is an LSTM's, at least 1 and below the hidden size 3, got 2") {
      _ = GRU(2, 3, projection: 2)
    },
    Mistake("GRU: needs at least 1 layer, got 0") { _ = GRU(3, 4, layers: 0) },
    Mistake("RNN: dropout 0.5 works between layers, and there is only 1") {
      _ = RNN(3, 4, dropout: 0.5)
    },
    Mistake("GRUCell: needs at least 1 input and hidden unit, got 0 -> 2") { _ = GRUCell(0, 2) },
    Mistake("RotaryEmbedding: needs an even size and a finite base above 0, got 3 and 10000.0") {
      _ = RotaryEmbedding(3)
    },
    Mistake("PositionalEncoding: size 0 and maxLength 1000 must be at least 1") {
      _ = PositionalEncoding(0)
    },
    Mistake("Parameter: sizes must not be negative, got [-1]") { _ = Parameter(shape: [-1, nil]) },
    Mistake("Buffer: sizes must not be negative, got [2, -3]") {
      _ = Buffer(shape: [2, -3], initial: 0)
    },
  ]

  // MARK: Training

  static let training = [
    Mistake("SGD: the momentum must be a finite number of at least 0, got -0.1") {
      _ = SGD(one, momentum: -0.1)
    },
    Mistake("SGD: the dampening must be a finite number, got nan") {
      _ = SGD(one, momentum: 0.9, dampening: .nan)
    },
    Mistake("SGD: the weight decay must be a finite number of at least 0, got -1.0") {
      _ = SGD(one, weightDecay: -1)
    },
    Mistake("AdamW: the learning rate must be a finite number of at least 0, got inf") {
      _ = AdamW(one, learningRate: Double.infinity)
    },
    Mistake("Adam: epsilon must be a finite number of at least 0, got -1.0") {
      _ = Adam(one, epsilon: -1)
    },
    Mistake("Adamax: beta2 must be at least 0 and below 1, got -0.5") {
      _ = Adamax(one, betas: (0.9, -0.5))
    },
    Mistake("NAdam: the momentum decay must be a finite number of at least 0, got -1.0") {
      _ = NAdam(one, momentumDecay: -1)
    },
    Mistake("RAdam: beta1 must be at least 0 and below 1, got nan") {
      _ = RAdam(one, betas: (.nan, 0.9))
    },
    Mistake("Lion: beta2 must be at least 0 and below 1, got 1.0") {
      _ = Lion(one, betas: (0.9, 1))
    },
    Mistake("RMSprop: alpha must be at least 0 and at most 1, got 1.5") {
      _ = RMSprop(one, alpha: 1.5)
    },
    Mistake("Adagrad: the learning rate's decay must be a finite number of at least 0, got -1.0") {
      _ = Adagrad(one, learningRateDecay: -1)
    },
    Mistake("Adagrad: the initial accumulator must be a finite number of at least 0, got -1.0") {
      _ = Adagrad(one, initialAccumulator: -1)
    },
    Mistake("Adadelta: rho must be at least 0 and at most 1, got -0.1") {
      _ = Adadelta(one, rho: -0.1)
    },
    Mistake("LBFGS: needs at least one iteration, evaluation and remembered difference, got 0") {
      _ = LBFGS(one, maxIterations: 0)
    },
    Mistake("LBFGS: the gradient's tolerance must be a finite number of at least 0, got -1.0") {
      _ = LBFGS(one, gradientTolerance: -1)
    },
    Mistake("WeightAverage: the decay must be at least 0 and below 1, got 1.0") {
      _ = WeightAverage(one, decay: 1)
    },
    Mistake("step: gamma must be a finite number of at least 0, got nan") {
      _ = Schedule.step(size: 1, gamma: .nan)
    },
    Mistake("multiStep: milestones must be above 0 and ascend, got [5, 3]") {
      _ = Schedule.multiStep(at: [5, 3])
    },
    Mistake("multiStep: gamma must be a finite number of at least 0, got -1.0") {
      _ = Schedule.multiStep(at: [5], gamma: -1)
    },
    Mistake("exponential: gamma must be a finite number of at least 0, got inf") {
      _ = Schedule.exponential(gamma: .infinity)
    },
    Mistake("polynomial: the power must be a finite number of at least 0, got -1.0") {
      _ = Schedule.polynomial(steps: 1, power: -1)
    },
    Mistake("polynomial: steps must be at least 1, got 0") { _ = Schedule.polynomial(steps: 0) },
    Mistake("cosine: the minimum must be a finite number of at least 0, got -0.1") {
      _ = Schedule.cosine(steps: 1, minimum: -0.1)
    },
    Mistake("cosineWithRestarts: factor must be at least 1, got 0") {
      _ = Schedule.cosineWithRestarts(steps: 1, factor: 0)
    },
    Mistake("constant: the factor must be between 0 and 1, got nan") {
      _ = Schedule.constant(factor: .nan)
    },
    Mistake("oneCycle: the maximum must be finite, and it and the divisors above 0, got -1.0") {
      _ = Schedule.oneCycle(maximum: -1, steps: 2)
    },
    Mistake("oneCycle: the rising fraction must be between 0 and 1, got 1.5") {
      _ = Schedule.oneCycle(maximum: 1, steps: 2, risingFraction: 1.5)
    },
    Mistake("linear: steps must be at least 1, got -1") {
      _ = Schedule.unchanging.warmedUp(steps: -1)
    },
    Mistake("product: needs at least one schedule") { _ = Schedule.product([]) },
    Mistake("Plateau: patience and cooldown must not be negative, got -1 and 0") {
      _ = Plateau(SGD(one), patience: -1)
    },
    Mistake("Plateau: the minimum must be a finite number of at least 0, got -1.0") {
      var options = Plateau.Options()
      options.minimum = -1
      _ = Plateau(SGD(one), options)
    },
    Mistake("xavierUniform: the gain must be a finite number of at least 0, got -1.0") {
      _ = Initializer.xavierUniform(gain: -1)
    },
    Mistake("kaimingNormal: the gain must be a finite number of at least 0, got nan") {
      _ = Initializer.kaimingNormal(nonlinearity: .leakyReLU(slope: .nan))
    },
    Mistake("uniform: low must not be above high, both finite, got 0.0 and inf") {
      _ = Initializer.uniform(high: .infinity)
    },
    Mistake("normal: the mean must be a finite number, got nan") {
      _ = Initializer.normal(mean: .nan)
    },
    Mistake("truncatedNormal: needs a finite mean, a standard deviation above 0 and low below high")
    {
      _ = Initializer.truncatedNormal(standardDeviation: 0)
    },
    Mistake("orthogonal: the gain must be a finite number, got nan") {
      _ = Initializer.orthogonal(gain: .nan)
    },
    Mistake("sparse: the sparsity must be between 0 and 1, got 1.1") {
      _ = Initializer.sparse(sparsity: 1.1)
    },
    Mistake("sparse: the standard deviation must be a finite number of at least 0, got -1.0") {
      _ = Initializer.sparse(sparsity: 0.5, standardDeviation: -1)
    },
    Mistake("dirac: needs at least one group, got 0") { _ = Initializer.dirac(groups: 0) },
    Mistake("BatchSequence: the batch size must be at least 1, got -1") {
      _ = BatchSequence(
        TensorDataset(inputs: .zeros([1]), labels: .zeros([1])), order: [0], batchSize: -1)
    },
    Mistake("Trainer: gradientClip must be above 0, got nan") {
      _ = Trainer(maxEpochs: 1, gradientClip: .nan)
    },
    Mistake("tripletMarginLoss: margin and p must be above 0, got 0.0 and 2.0") {
      _ = tripletMarginLoss(.zeros([1, 1]), .zeros([1, 1]), .zeros([1, 1]), margin: 0)
    },
  ]

  @Test(arguments: (layers + training).indices) func stop(index: Int) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [index] in
      (ArgumentMistakesTests.layers + ArgumentMistakesTests.training)[index].body()
    }
    expect(result, says: (Self.layers + Self.training)[index].message)
  }
}
