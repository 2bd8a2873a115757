import Autograd
import TestCases
import TestSupport
import Testing

@testable import NN

/// Models, data and optimizers on a device whose memory the CPU cannot read.
@Suite struct DeviceTests {
  private let device: Device
  private let walled: WalledDevice

  init() { (device, walled) = WalledDevice.make() }

  @Test func parametersAreDrawnOnTheCPUAndMoved() {
    let (model, other) = (LazyLinear(3), LazyLinear(3))
    for linear in [model, other] { linear.initialize(seed: 1) }
    model.to(device)
    let x = inputs([2, 4])
    let y = model(x.to(device))
    #expect(y.device == device && model.parameters.allSatisfy { $0.value.device == device })
    #expect(y.scalars() == other(x).scalars())
    model.to(.cpu)
    #expect(model(x).device == .cpu)
  }

  @Test func whatIsSetOrLoadedIsMoved() throws {
    let folder = try TemporaryFolder()
    let file = folder("weights.safetensors")
    let norm = BatchNorm1d(2)
    _ = norm(inputs([4, 2]))
    try norm.save(to: file)
    let moved = BatchNorm1d(2).to(device)
    try moved.load(from: file)
    moved.weight?.value = Tensor([2, 3])
    #expect(moved.weight?.value.device == device)
    let devices = Dictionary(
      uniqueKeysWithValues: moved.namedBuffers.map { ($0.path, $0.buffer.value.device) })
    // The host reads the count of batches.
    #expect(
      devices == ["running_mean": device, "running_var": device, "num_batches_tracked": .cpu])
    #expect(
      moved.namedBuffers.map { $0.buffer.value.scalars() }
        == norm.namedBuffers.map { $0.buffer.value.scalars() })
  }

  @Test func batchesAreGatheredOnTheDevice() {
    let data = TensorDataset(
      inputs: Tensor.arange(12, dtype: .float32).reshape([6, 2]), labels: Tensor.arange(6))
    let batches = Array(BatchSequence(data, order: [5, 1, 0], batchSize: 2).on(device))
    #expect(batches.allSatisfy { $0.inputs.device == device && $0.labels.device == device })
    #expect(batches[0].inputs.scalars() == [10, 11, 2, 3] && batches[1].labels.item() == 0)
    #expect(walled.fallback.counts["gatherRows float32"]?.calls == 2)
    #expect(data.batch([1]).inputs.device == .cpu)
  }

  @Test func optimizerStateFollowsTheParameters() throws {
    let folder = try TemporaryFolder()
    let file = folder("adam.safetensors")
    func trained(_ device: Device, restoring: Bool) throws -> [Float] {
      let model = Linear(2, 1)
      model.initialize(seed: 4)
      model.to(device)
      let optimizer = Adam(model.parameters)
      let x = inputs([3, 2]).to(device)
      if restoring { try optimizer.load(from: file, named: model.namedParameters) }
      optimizer.step(model.valueAndGradients { model(x).square().sum() }.gradients)
      if !restoring { try optimizer.save(to: file, named: model.namedParameters) }
      return model.parameters.flatMap { $0.value.scalars() }
    }
    #expect(try trained(.cpu, restoring: false) == trained(device, restoring: false))
    #expect(try trained(device, restoring: true) == trained(.cpu, restoring: true))
  }
}
