import Autograd
import Foundation
import TestSupport
import Testing

@testable import LeNetExample
@testable import NN

/// Agreement with PyTorch on one batch of LeNet: `Tests/Reference/lenet.py` wrote the fixture.
@Suite struct PyTorchTests {
  private static func fixture() throws -> [String: Tensor] {
    let folder = try #require(Bundle.module.resourcePath)
    return Dictionary(
      uniqueKeysWithValues: try Safetensors.read(folder + "/Fixtures/lenet.safetensors")
        .map { ($0.name, $0.tensor) })
  }

  /// The relative errors of everything that PyTorch computed, by name; `change` may spoil the model.
  private static func errors(change: (LeNet) -> Void = { _ in }) throws -> [String: Double] {
    let tensors = try fixture()
    let model = LeNet()
    let folder = try TemporaryFolder()
    try Safetensors.write(
      tensors.filter { $0.key.hasPrefix("net.") }.map { ($0.key, $0.value) }, to: folder("w"))
    try model.load(from: folder("w"))
    change(model)
    let (images, labels) = (try #require(tensors["images"]), try #require(tensors["labels"]))
    var logits = Tensor(0)
    let (loss, gradients) = model.valueAndGradients {
      logits = model(images)
      return model.loss(logits, labels)
    }
    var errors = [
      "logits": relativeError(logits.stoppingGradient(), try #require(tensors["logits"])),
      "loss": relativeError(loss, try #require(tensors["loss"])),
    ]
    for (name, parameter) in model.namedParameters {
      errors["grad." + name] = relativeError(
        try #require(gradients[parameter]), try #require(tensors["grad." + name]))
    }
    return errors
  }

  @Test func logitsLossAndEveryGradientAgree() throws {
    let errors = try Self.errors()
    #expect(errors.count == 12)
    for (name, error) in errors.sorted(by: { $0.key < $1.key }) {
      print("relative error to PyTorch: \(name) \(error)")
      #expect(error < 1e-4, "\(name)")
    }
  }

  @Test func aSmallDifferenceWouldBeSeen() throws {
    let errors = try Self.errors { model in
      for parameter in model.parameters { parameter.value *= 1.002 }
    }
    for (name, error) in errors { #expect(error > 1e-4, "\(name)") }
  }
}
