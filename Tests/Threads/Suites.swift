import Autograd
import NN
internal import Platform
import Synchronization

/// Something that several threads do at once.
struct Suite: Sendable {
  let name: String
  let run: @Sendable () -> Void

  static let all = [
    Suite(name: "evaluation", run: evaluation),
    Suite(name: "lazy", run: lazyModels),
    Suite(name: "predict", run: predictions),
    Suite(name: "frozen", run: frozenModels),
    Suite(name: "training", run: trainings),
    Suite(name: "batches", run: batches),
  ]
}

let threadCount = 4
let roundCount = 6

/// Models in evaluation mode, with values, in all threads.
private func evaluation() {
  for example in Example.all {
    nonisolated(unsafe) let model = example.model()
    model.materialize(for: example.input)
    model.evaluate()
    let expected = bits(model(example.input))
    onThreads(threadCount) { _ in
      for _ in 0..<roundCount { check(bits(model(example.input)) == expected, example.name) }
    }
  }
}

/// Models whose first input comes from several threads at once.
private func lazyModels() {
  for example in Example.all {
    let alone = example.model()
    alone.evaluate()
    let expected = bits(alone(example.input))
    for _ in 0..<roundCount {
      nonisolated(unsafe) let model = example.model()
      model.evaluate()
      onThreads(threadCount) { _ in check(bits(model(example.input)) == expected, example.name) }
    }
  }
}

/// A model in training mode that several threads predict with, while another one runs it in training mode.
private func predictions() {
  nonisolated(unsafe) let model = Images()
  let x = Example.images
  model.materialize(for: x)
  let expected = bits(model.predict(x))
  let mask = Tensor.ones([1000])
  onThreads(threadCount) { thread in
    for _ in 0..<roundCount {
      if thread == 0 {
        let dropped = model.dropout(mask).scalars(as: Float.self)
        check(dropped.contains(0) && dropped.contains(2), "the mode of the first thread")
      } else {
        check(bits(model.predict(x)) == expected, "predict")
        check(model.dropout.isTraining, "the mode after predict")
      }
    }
  }
}

/// Snapshots that several threads use, while another one trains the model.
private func frozenModels() {
  nonisolated(unsafe) let model = Images()
  model.initialize(seed: 3)
  let frozen = model.frozen(for: Example.images)
  let expected = bits(model.evaluating { model(Example.images) })
  onThreads(threadCount) { thread in
    if thread == 0 { return train(model) }
    for _ in 0..<roundCount {
      check((try? frozen(Example.images)).map(bits) == expected, "frozen")
    }
  }
  check(bits(model.evaluating { model(Example.images) }) != expected, "the trained model")
}

/// Each thread trains a model of its own.
private func trainings() {
  let expected = trained()
  onThreads(threadCount) { _ in check(trained() == expected, "training") }
}

private func trained() -> [[UInt64]] {
  let model = Images()
  model.initialize(seed: 3)
  train(model)
  return model.parameters.map { bits($0.value) }
}

private func train(_ model: Images) {
  let batch = Batch(inputs: Example.images, labels: Tensor(scalars: (0..<16).map { $0 % 10 }))
  model.materialize(for: batch.inputs)
  let optimizer = Adam(model.parameters, learningRate: 0.01)
  for _ in 0..<3 {
    optimizer.step(model.valueAndGradients { model.trainingStep(batch) }.gradients)
  }
}

/// One data set that several threads take batches from.
private func batches() {
  let data = TensorDataset(inputs: Example.images, labels: .arange(16))
  let expected = bits(data.batch([3, 1, 2]).inputs)
  onThreads(threadCount) { _ in
    for _ in 0..<roundCount { check(bits(data.batch([3, 1, 2]).inputs) == expected, "batch") }
  }
}

/// Two threads add to one number without a lock: what the sanitizer must find.
func plantedRace() {
  nonisolated(unsafe) let number = UnsafeMutablePointer<Int>.allocate(capacity: 1)
  number.initialize(to: 0)
  onThreads(2) { _ in for _ in 0..<1000 { number.pointee += 1 } }
  print(number.pointee)
}
