import Autograd
import Foundation
import TestSupport
import Testing

@testable import LeNetExample
@testable import NN

/// Agreement with PyTorch on one batch of LeNet: `Tests/Reference/lenet.py` wrote the fixture.
@Suite struct PyTorchTests {
  private static func fixture() throws -> StateDictionary {
    let folder = try #require(Bundle.module.resourcePath)
    return try Safetensors.read(folder + "/Fixtures/lenet.safetensors")
  }

  /// The relative errors of everything that PyTorch computed, by name; `change` may spoil the model.
  private static func errors(change: (LeNet) -> Void = { _ in }) throws -> [String: Double] {
    let tensors = try fixture()
    let model = LeNet()
    try model.restore(tensors.renamed { $0.hasPrefix("net.") ? $0 : nil })
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
