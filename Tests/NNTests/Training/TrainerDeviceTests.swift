import Autograd
import TestCases
import TestSupport
import Testing

@testable import NN

/// A classifier that notes how many batches' events had come when each step began.
private final class Observed: Classifier {
  let learningRate = 0.1
  let net = Sequential(LazyLinear(8), Tanh(), LazyLinear(3))
  var eventCount = 0
  var eventCounts: [Int] = []

  func trainingStep(_ batch: Batch) -> Tensor {
    eventCounts.append(eventCount)
    report("mean", batch.inputs.mean())
    return loss(self(batch.inputs), batch.labels)
  }
}

/// The trainer on a device without kernels, where everything has the CPU's bits.
@Suite struct TrainerDeviceTests {
  private let data = DataSplit(
    training: TensorDataset(
      inputs: inputs([10, 4]), labels: Tensor(scalars: (0..<10).map { $0 % 3 })),
    validation: TensorDataset(
      inputs: inputs([5, 4]), labels: Tensor(scalars: (0..<5).map { $0 % 3 })), batchSize: 4)

  /// Two epochs of three batches: the events without times, and how many had come at each step.
  private func run(
    _ device: Device, accumulated: Int = 1, validationInterval: Int? = nil,
    _ shouldStop: (() -> Bool)? = nil
  ) throws -> (events: [String], counts: [Int], values: [[Float]]) {
    let model = Observed()
    model.initialize(seed: 1)
    let trainer = Trainer(
      maxEpochs: 2, gradientClip: 0.5, accumulatedBatches: accumulated,
      validationInterval: validationInterval)
    trainer.device = device
    var events: [String] = []
    try trainer.fit(
      model, data,
      onEvent: { event in
        switch event {
        case .started, .lossNotFinite, .resumed, .checkpointSkipped, .checkpointSaved,
          .checkpointFailed:
          break
        case .batchEnded(let epoch, let batch, let count, let loss, _):
          model.eventCount += 1
          events.append("\(epoch) \(batch)/\(count) \(loss)")
        case .validated(var metrics), .epochEnded(var metrics):
          metrics.seconds = 0
          events.append("\(metrics)")
        case .finished(let history):
          events.append("\(history.epochs.count)")
        }
      }, shouldStop: shouldStop)
    #expect(model.parameters.allSatisfy { $0.value.device == device })
    return (events, model.eventCounts, model.to(.cpu).values)
  }

  @Test(arguments: [1, 2]) func eventsAreThoseOfTheCPU(accumulated: Int) throws {
    let expected = try run(.cpu, accumulated: accumulated)
    #expect(expected.events.count == 9 && expected.counts == [0, 1, 2, 3, 4, 5])
    let device = WalledDevice.make().device
    let found = try run(device, accumulated: accumulated)
    #expect(found.events == expected.events && found.values == expected.values)
    // A step begins before the loss of the one before is read, except in the next epoch.
    #expect(found.counts == [0, 0, 1, 3, 3, 4])
  }

  @Test func aValidationWithinAnEpochComesAfterItsBatch() throws {
    let expected = try run(.cpu, validationInterval: 2)
    let found = try run(WalledDevice.make().device, validationInterval: 2)
    #expect(found.events == expected.events && found.events.count == 11)
    #expect(found.values == expected.values)
  }

  /// An error at a batch, whose next one is computed already: the second fit has the figures of all.
  @Test func anErrorOfTheEventHandlerLosesNoFigures() throws {
    struct Stop: Error {}
    func metrics(_ device: Device, failsAt batch: Int?) throws -> [EpochMetrics] {
      let model = Observed()
      model.initialize(seed: 1)
      let trainer = Trainer(maxEpochs: 2)
      trainer.device = device
      if let batch {
        #expect(throws: Stop.self) {
          try trainer.fit(model, data) { event in
            if case .batchEnded(2, batch, _, _, _) = event { throw Stop() }
          }
        }
      }
      return try trainer.fit(model, data).epochs.map {
        var metrics = $0
        metrics.seconds = 0
        return metrics
      }
    }
    let expected = try metrics(.cpu, failsAt: nil)
    for batch in 1...2 {
      #expect(try metrics(.cpu, failsAt: batch) == expected)
      #expect(try metrics(WalledDevice.make().device, failsAt: batch) == expected)
    }
  }

  @Test func whoMayStopSeesEachLossAtOnce() throws {
    let expected = try run(.cpu, { false })
    let found = try run(WalledDevice.make().device, { false })
    #expect(found.events == expected.events && found.counts == expected.counts)
  }

  /// The GPU's kernels and the loss read late, with kernels that run when the host waits.
  @Test func aSimulatedGPULearnsTheSame() throws {
    let simulated = SimulatedGPU(isDeferred: true, fallbackPolicy: .error)
    let (found, expected) = (try run(simulated.device), try run(.cpu))
    for (found, expected) in zip(found.values.joined(), expected.values.joined()) {
      #expect(abs(found - expected) < 1e-5)
    }
    #expect(found.events.count == 9)
  }
}
