import Autograd
import TestSupport
import Testing

@testable import NN

@Suite struct WeightAverageTests {
  /// PyTorch's AveragedModel with the same decay, along the first 50 steps of SGD.
  @Test func averagesAgreeWithPyTorch() throws {
    let fixture = try OptimizerFixture()
    let expected = try #require(fixture.tensors["average"])
    let problem = try OptimizerFixture.Problem(fixture.tensors, .float64)
    let optimizer = SGD([problem.w, problem.b, problem.u], learningRate: 0.05)
    let average = WeightAverage([problem.w], decay: 0.9)
    var found: [Double] = []
    for step in 1...50 {
      problem.step(optimizer, step)
      average.update()
      found += try #require(average.averages[0]).doubles
    }
    #expect(zip(found, expected.doubles).allSatisfy { abs($0 - $1) < 1e-14 })
    #expect(found.count == expected.count)
    let value = problem.w.value.doubles
    #expect(average.applied { problem.w.value.doubles } == Array(found.suffix(3)))
    #expect(problem.w.value.doubles == value)
    #expect(try #require(average.averages[0]).doubles == Array(found.suffix(3)))
  }

  @Test func aParameterThatIsListedTwiceKeepsItsValue() {
    let parameter = Parameter(Tensor([1]))
    let average = WeightAverage([parameter, parameter], decay: 0.5)
    average.update()
    parameter.value = Tensor([3])
    average.update()
    #expect(average.applied { parameter.value.floats } == [2])
    #expect(parameter.value.floats == [3] && average.averages[0]?.floats == [2])
  }

  @Test func savedAndRestored() throws {
    let folder = try TemporaryFolder()
    let (a, b) = (Parameter(Tensor([1, 2])), Parameter(shape: [nil]))
    let average = WeightAverage([a, b], decay: 0.5)
    average.update()
    a.value = Tensor([3, 4])
    average.update()
    let names = [(path: "a", parameter: a), (path: "b", parameter: b)]
    try average.save(to: folder("average"), named: names)
    let other = WeightAverage([a, b], decay: 0.5)
    try other.load(from: folder("average"), named: names)
    #expect(other.averages[0]?.floats == [2, 3] && other.averages[1] == nil)
    let narrow = Parameter(Tensor([1]))
    #expect(throws: FileError.self) {
      try WeightAverage([narrow]).load(from: folder("average"), named: [("a", narrow)])
    }
  }

  @Test func plainMeansWithBuffers() throws {
    let folder = try TemporaryFolder()
    let model = BatchNorm1d(1)
    let average = WeightAverage(model, decay: nil, averagesBuffers: true)
    let (weight, mean) = (try #require(model.weight), try #require(model.runningMean))
    let count = try #require(model.batchCount)
    for number in 1...5 {
      weight.value = Tensor([Double(number)])
      mean.value = Tensor([Double(10 * number)])
      count.value = Tensor(scalars: [number], shape: [])
      average.update()
    }
    func check(_ average: WeightAverage) {
      average.applied {
        #expect(weight.value.floats == [3] && mean.value.floats == [30])
        #expect(count.value.scalars(as: Int.self) == [5])
      }
      #expect(weight.value.floats == [5] && mean.value.floats == [50])
    }
    check(average)
    let state = average.state(named: model.namedParameters, buffers: model.namedBuffers)
    try Safetensors.write(state, to: folder("average"))
    let other = WeightAverage(model, decay: nil, averagesBuffers: true)
    try other.restore(
      Safetensors.read(folder("average")), named: model.namedParameters,
      buffers: model.namedBuffers)
    check(other)
    weight.value = Tensor([9])
    other.update()
    #expect(try #require(other.averages[0]).floats == [4])
    #expect(throws: FileError.self) {
      try WeightAverage(model, decay: nil).load(
        from: folder("average"), named: model.namedParameters)
    }
  }

  /// Parameters whose sizes are known are drawn when they are needed.
  @Test func valuesNotUsedYetAreAveraged() {
    let model = Linear(2, 3)
    let average = WeightAverage(model)
    average.update()
    #expect(average.averages.allSatisfy { $0 != nil })
  }

  @Test func unknownShapesOnlyAreAMistake() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { WeightAverage(LazyLinear(2).parameters).update() }
    expect(result, names: "WeightAverage", "materialize(for:)")
  }
}
