import Autograd

/// A model that a `Trainer` can train: what happens with a batch, and which optimizer it wants.
public protocol Trainable: Module {
  /// The loss of a training batch, a tensor of one element; the trainer differentiates it.
  func trainingStep(_ batch: Batch) -> Tensor

  /// The weight of a batch's loss beside that of other batches: what its mean is over, as in the number of
  /// examples (the default), of tokens, or the sum of their weights.
  ///
  /// A batch of weight 0 is left out.
  func lossWeight(_ batch: Batch) -> Double

  /// The figures of a validation batch, means over its examples; by default the training step's loss.
  func validationStep(_ batch: Batch) -> (loss: Double, accuracy: Double?)

  /// The optimizer to train with.
  func configureOptimizers() -> any Optimizer
}

extension Trainable {
  /// The number of examples.
  public func lossWeight(_ batch: Batch) -> Double { Double(batch.count) }

  /// The loss that the training step gives, and no accuracy.
  public func validationStep(_ batch: Batch) -> (loss: Double, accuracy: Double?) {
    (trainingStep(batch).item(), nil)
  }
}

/// A model that assigns examples to classes, after d2l's `Classifier`.
///
/// A conforming class states a net and a learning rate; everything else has a default that it may
/// replace: cross-entropy on logits, accuracy, SGD.
public protocol Classifier: Layer, Trainable {
  /// The type of the net.
  associatedtype Net: Layer

  /// Maps inputs [batch, ...] to logits [batch, classes].
  var net: Net { get }

  /// The learning rate of the default optimizer.
  var learningRate: Double { get }

  /// The loss of logits, a tensor of one element.
  func loss(_ logits: Tensor, _ labels: Tensor) -> Tensor

  /// The fraction of labels that logits agree with, 0 to 1.
  func accuracy(_ logits: Tensor, _ labels: Tensor) -> Double
}

extension Classifier {
  /// The net's result: logits [batch, classes].
  public func forward(_ x: consuming Tensor) -> Tensor { net(x) }

  /// The mean cross-entropy of labels [batch] under logits [batch, classes].
  public func loss(_ logits: Tensor, _ labels: Tensor) -> Tensor { crossEntropy(logits, labels) }

  /// The number of labels that cross-entropy does not ignore: `Batch.labelCount`.
  public func lossWeight(_ batch: Batch) -> Double { Double(batch.labelCount) }

  /// The fraction of labels whose logit is the largest, 0 to 1; labels of -100 do not count.
  public func accuracy(_ logits: Tensor, _ labels: Tensor) -> Double {
    let isRight = (logits.argmax(axis: 1) .== labels).asType(.float64)
    return Tensor.where(labels .!= -100, isRight, 0).sum().item()
      / (labels .!= -100).asType(.float64).sum().item()
  }

  /// The loss of a training batch.
  public func trainingStep(_ batch: Batch) -> Tensor { loss(self(batch.inputs), batch.labels) }

  /// Loss and accuracy of a validation batch.
  public func validationStep(_ batch: Batch) -> (loss: Double, accuracy: Double?) {
    let logits = self(batch.inputs)
    return (loss(logits, batch.labels).item(), accuracy(logits, batch.labels))
  }

  /// SGD at the model's learning rate.
  public func configureOptimizers() -> any Optimizer {
    SGD(parameters, learningRate: learningRate)
  }

  /// The class of each example: the index of its largest logit, [batch], in evaluation mode; `Trainer.predict` has the
  /// logits of a whole dataset.
  public func predict(_ inputs: Tensor) -> Tensor {
    evaluating { self(inputs).argmax(axis: 1) }
  }

  /// Prints each layer's output shape for an input shape, one a line, as d2l's `layer_summary`.
  ///
  /// A lazy model gets its shapes by this; the pass is in evaluation mode.
  public func layerSummary(_ inputShape: [Int]) {
    for line in layerSummaryLines(inputShape) { print(line) }
  }

  /// As `summary` for an input, whose values do not matter: for models that take token ids, say.
  public func layerSummary(for inputs: Tensor) {
    for line in layerSummaryLines(for: inputs) { print(line) }
  }

  /// The lines of `layerSummary`, as in `Conv2d output shape:\t [1, 6, 28, 28]`.
  public func layerSummaryLines(_ inputShape: [Int]) -> [String] {
    layerSummaryLines(for: .zeros(inputShape, dtype: parameters.first?.dtype ?? .float32))
  }

  /// The lines of `layerSummary(for:)`.
  public func layerSummaryLines(for inputs: Tensor) -> [String] {
    let layers: [any Layer] = (net as? Sequential).map(Array.init) ?? [net]
    return evaluating {
      var x = inputs.stoppingGradient()
      return layers.map { layer in
        x = layer(x)
        return "\(layer.name) output shape:\t \(x.shape)"
      }
    }
  }

  /// Gives a lazy model its shapes and then initializes its parts, as d2l's `apply_init`.
  ///
  /// - Parameters:
  ///   - inputs: Examples of the shape that the model is for.
  ///   - initialize: Called for every part of the net, as with `initCNN`.
  public func applyInit(_ inputs: Tensor, _ initialize: ((any Module) -> Void)? = nil) {
    materialize(for: inputs)
    if let initialize { net.apply(initialize) }
  }
}
