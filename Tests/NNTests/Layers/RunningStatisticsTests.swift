import Autograd
import Foundation
import Testing

@testable import NN

/// Batch and instance norms beside PyTorch's: three batches in training, then the first again in evaluation.
///
/// Results in training are exact; running statistics are kept in float32.
@Suite struct RunningStatisticsTests {
  static let layers = [
    LayerCase("BatchNorm1d", BatchNorm1d(3)),
    LayerCase("BatchNorm1d-sequences", LazyBatchNorm1d(momentum: 0.4)),
    LayerCase("BatchNorm2d", LazyBatchNorm2d()),
    LayerCase("BatchNorm2d-cumulative", BatchNorm2d(2, epsilon: 0.1, momentum: nil)),
    LayerCase("BatchNorm2d-untracked", BatchNorm2d(2, trackRunningStatistics: false)),
    LayerCase("BatchNorm2d-plain", BatchNorm2d(3, momentum: 1, affine: false)),
    LayerCase("BatchNorm3d", BatchNorm3d(2, momentum: 0)),
    LayerCase("BatchNorm3d-bare", LazyBatchNorm3d(affine: false, trackRunningStatistics: false)),
    LayerCase("BatchNorm2d-no-bias", LazyBatchNorm2d(bias: false)),
    LayerCase(
      "InstanceNorm2d-tracked", InstanceNorm2d(2, affine: true, trackRunningStatistics: true)),
    LayerCase(
      "InstanceNorm2d-plain",
      LazyInstanceNorm2d(epsilon: 0.1, momentum: 0.4, trackRunningStatistics: true)),
    LayerCase(
      "InstanceNorm2d-unbatched",
      LazyInstanceNorm2d(affine: true, trackRunningStatistics: true, bias: false)),
  ]

  @Test(arguments: layers) func agreeWithPyTorch(_ one: LayerCase) throws {
    let fixture = try LayerFixture("running")
    let (module, call) = one.make()
    func expected(_ key: String) throws -> Tensor {
      try #require(fixture.tensors["\(one.name)/\(key)"], "\(key)")
    }
    for (path, parameter) in module.namedParameters {
      parameter.value = try expected("state/\(path)")
    }
    let buffers = fixture.tensors.names.filter { $0.hasPrefix("\(one.name)/buffer/0/") }
      .map { String($0.split(separator: "/")[3]) }
    for number in 0...3 {
      let isTraining = number < 3
      if isTraining { module.train() } else { module.evaluate() }
      let tolerance = isTraining || buffers.isEmpty ? 1e-11 : 1e-6
      let x = Parameter(try expected("input/\(number)"))
      let cotangent = number < 2 ? nil : try expected("cotangent/\(number)")
      var y = Tensor(0)
      let (_, gradients) = valueAndGradients(at: module.parameters + [x]) {
        y = call([x.value])[0]
        return (y * (cotangent ?? y)).sum()
      }
      #expect(relativeError(y.stoppingGradient(), try expected("output/\(number)")) < tolerance)
      if cotangent != nil {
        let dx = try #require(gradients[x])
        let size = try expected("grad/input/\(number)").abs().max().item()
        let error = (dx - (try expected("grad/input/\(number)"))).abs().max().item()
        #expect(error < tolerance * max(size, 1), "grad input, batch \(number)")
        for (path, parameter) in module.namedParameters {
          let found = try #require(gradients[parameter])
          #expect(
            relativeError(found, try expected("grad/state/\(number)/\(path)")) < tolerance,
            "\(path)")
        }
      }
      let state = Dictionary(uniqueKeysWithValues: module.namedBuffers.map { ($0.path, $0.buffer) })
      #expect(Set(state.keys) == Set(buffers))
      for path in buffers {
        let (found, theirs) = (
          try #require(state[path]?.value), try expected("buffer/\(number)/\(path)")
        )
        #expect(
          found.shape == theirs.shape && found.dtype == (theirs.rank == 0 ? .int64 : .float32))
        let error = (found.asType(.float64) - theirs.asType(.float64)).abs().max().item()
        #expect(error <= 1e-6 * theirs.abs().max().item(), "\(path) after batch \(number)")
      }
    }
  }

  @Test func everyCaseIsTested() throws {
    #expect(try LayerFixture("running").names == Set(Self.layers.map(\.name)))
  }

  /// Buffers go through files with the parameters, under PyTorch's names.
  @Test func filesKeepRunningStatistics() throws {
    let path = FileManager.default.temporaryDirectory
      .appending(path: "running-\(UUID().uuidString).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let x = inputs([4, 2, 3, 3])
    let trained = Sequential(LazyBatchNorm2d(momentum: nil), ReLU())
    for scale in 1...3 { _ = trained(x * scale + scale) }
    try trained.save(to: path)
    #expect(
      try Safetensors.read(path).map(\.name).sorted() == [
        "0.bias", "0.num_batches_tracked", "0.running_mean", "0.running_var", "0.weight",
      ])
    let loaded = Sequential(LazyBatchNorm2d(momentum: nil), ReLU())
    try loaded.load(from: path)
    #expect(loaded.evaluating { loaded(x) }.floats == trained.evaluating { trained(x) }.floats)
    // The next batch counts as the fourth in both.
    _ = (trained(x - 5), loaded(x - 5))
    let counts = loaded.namedBuffers.filter { $0.path.hasSuffix("tracked") }.map(\.buffer.value)
    #expect(counts.map { $0.item() } == [4])
    #expect(loaded.evaluating { loaded(x) }.floats == trained.evaluating { trained(x) }.floats)
    loaded.initialize(seed: 0)
    #expect(loaded.namedBuffers.map { $0.buffer.value.asType(.float32).max().item() } == [0, 1, 0])
  }
}
