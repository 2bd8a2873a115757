import Autograd
import Foundation
import NN
import Testing

/// ResNet in files: PyTorch's names, its files read here, and nothing lost on the way.
@Suite struct ResNetFileTests {
  private static func images() -> Tensor {
    var numbers = Numbers()
    return numbers.draw(.images(size: 32)).inputs[0].asType(.float32)
  }

  @Test func aTrainedResNet18ComesBackUnderPyTorchsNames() throws {
    let path = NSTemporaryDirectory() + "resnet-\(UUID().uuidString).safetensors"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let images = Self.images()
    let nets = (0..<2).map { _ in ResNet(ModelTests.eighteenLayers).net }
    let (net, other) = (nets[0], nets[1])
    Numbers.prepare(net)
    net.materialize(for: images)
    var numbers = Numbers()
    numbers.fill(net)
    _ = net(images)
    try net.save(to: path)
    let saved = try Safetensors.read(path)
    let expected = try PassFixture("ResNet18").state
    #expect(saved.map(\.name) == expected.map(\.path))
    #expect(saved.map(\.tensor.shape) == expected.map(\.shape))
    let count = try #require(saved.first { $0.name == "1.num_batches_tracked" }).tensor
    #expect(count.dtype == .int64 && count.item() == 1)

    try other.load(from: path)
    for (old, new) in zip(net.namedBuffers, other.namedBuffers) {
      #expect(
        new.buffer.value.scalars(as: Double.self) == old.buffer.value.scalars(as: Double.self))
    }
    let logits = nets.map { net in net.evaluating { net(images).scalars(as: Float.self) } }
    #expect(logits[0] == logits[1])
    #expect(logits[0] != net(images).scalars(as: Float.self), "running statistics would be seen")
  }

  @Test func aResNetThatPyTorchSavedGivesItsLogits() throws {
    let path = try #require(
      Bundle.module.path(forResource: "Fixtures/resnet", ofType: "safetensors"))
    let net = ResNet([(2, 2), (2, 2), (2, 4), (2, 4)]).net
    try net.load(from: path)
    #expect(
      net.namedBuffers.filter { $0.path.hasSuffix("tracked") }.allSatisfy {
        $0.buffer.value.item() == 1
      })
    let rows = try PassFixture.lines("evaluation").map {
      $0.split(separator: " ").compactMap { Double($0) }
    }
    let logits = net.evaluating { net(Self.images()) }.asType(.float64)
    let expected = Tensor(rows, dtype: .float64)
    try #require(logits.shape == expected.shape)
    let error = (logits - expected).abs().max().item() / expected.abs().max().item()
    #expect(error < 1e-5)
  }
}
