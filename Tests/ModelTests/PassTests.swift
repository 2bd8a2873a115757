import Autograd
import NN
import TestSupport
import Testing

/// A model and a batch that `Tests/Reference/passes.py` has too.
struct PassCase: Sendable, CustomTestStringConvertible {
  typealias Call = ([Tensor]) -> Tensor

  let name: String
  let batch: NumberedBatch
  let make: @Sendable () -> (model: any Module, call: Call)

  var testDescription: String { name }

  /// A classifier of images.
  init(
    _ name: String, size: Int, _ classifier: @autoclosure @escaping @Sendable () -> any Classifier
  ) {
    self.init(name, .images(size: size)) {
      let net: any Layer = classifier().net
      return (net, { net($0[0]) })
    }
  }

  init(
    _ name: String, _ batch: NumberedBatch,
    make: @escaping @Sendable () -> (model: any Module, call: Call)
  ) {
    (self.name, self.batch, self.make) = (name, batch, make)
  }
}

/// One pass in training mode against PyTorch's: loss, logits, every gradient and every buffer.
@Suite struct PassTests {
  static let cases = [
    PassCase("MLP", size: 28, MLP()),
    PassCase("BatchNormLeNet", size: 28, BatchNormLeNet()),
    PassCase("GoogLeNet", size: 32, GoogLeNet()),
    PassCase("ResNet18", size: 32, ResNet(ModelTests.eighteenLayers)),
    PassCase("DenseNet", size: 32, DenseNet()),
    PassCase(
      "ViT", size: 32,
      ViT(size: 32, patch: 8, width: 32, heads: 4, features: 64, dropout: 0)),
    PassCase("LSTMLanguageModel", .sentences) {
      let model = LSTMLanguageModel()
      return (model, { model($0[0]) })
    },
    PassCase("Translator", .translations) {
      let model = Translator(dropout: 0)
      return (model, { model($0[0], $0[1]) })
    },
  ]

  /// The differences of figures by entry: of norm and product relative to the norm, of an element to
  /// itself or the root mean square.
  ///
  /// A norm below a hundredth of the model's largest gradient's counts as that: the gradient of a bias
  /// before a batch norm is nothing but rounding.
  private static func errors(
    _ one: PassCase, _ dtype: DType, change: (any Module) -> Void = { _ in }
  ) throws -> [(kind: String, path: String, error: Double)] {
    let (model, call) = one.make()
    Numbers.prepare(model)
    var numbers = Numbers()
    let (inputs, labels) = numbers.draw(one.batch)
    let converted = inputs.map { $0.dtype.isFloatingPoint ? $0.asType(dtype) : $0 }
    model.to(dtype)
    _ = model.evaluating { call(converted) }
    numbers.fill(model)
    change(model)
    var logits = Tensor(0)
    let (loss, gradients) = model.valueAndGradients {
      logits = call(converted)
      return crossEntropy(logits, labels)
    }
    let (parameters, buffers) = (model.namedParameters, model.namedBuffers)
    let fixture = try PassFixture(one.name)
    let largest = fixture.state.filter { $0.kind == "gradient" }.map { $0.figures[0] }.max() ?? 0
    #expect(fixture.state.filter { $0.kind == "gradient" }.map(\.path) == parameters.map(\.path))
    #expect(fixture.state.filter { $0.kind == "buffer" }.map(\.path) == buffers.map(\.path))
    return try fixture.entries.map { entry in
      let found: Tensor? =
        switch entry.kind {
        case "loss": loss
        case "logits": logits.stoppingGradient()
        case "buffer": buffers.first { $0.path == entry.path }?.buffer.value
        default: parameters.first { $0.path == entry.path }.flatMap { gradients[$0.parameter] }
        }
      let tensor = try #require(found)
      #expect(tensor.shape == entry.shape, "\(entry.kind) \(entry.path)")
      let norm = max(entry.figures[0], 1e-2 * largest)
      let size = norm / Double(tensor.count).squareRoot()
      let figures = zip(numbers.figures(of: tensor), entry.figures).enumerated()
      let error =
        figures.map { place, pair in
          abs(pair.0 - pair.1) / (place < 2 ? norm : max(size, abs(pair.1)))
        }.max() ?? .infinity
      return (entry.kind, entry.path, error)
    }
  }

  /// In float64 what differs is the last digit of the figures.
  @Test(arguments: cases) func everythingIsPyTorchs(_ one: PassCase) throws {
    for (kind, path, error) in try Self.errors(one, .float64) {
      #expect(error < 1e-9, "\(kind) \(path)")
    }
  }

  @Test(arguments: cases) func float32PassesAgree(_ one: PassCase) throws {
    for (kind, path, error) in try Self.errors(one, .float32) {
      #expect(error < 1e-4, "\(kind) \(path)")
    }
  }

  @Test(arguments: cases) func aSmallDifferenceWouldBeSeen(_ one: PassCase) throws {
    let errors = try Self.errors(one, .float32) { model in
      for parameter in model.parameters { parameter.value *= 1.002 }
    }
    // Neither a bias before a batch norm changes anything nor the batches' number.
    #expect(errors.count { $0.error > 1e-4 } > errors.count * 3 / 5)
  }
}
