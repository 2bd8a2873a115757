import Autograd
import Testing

@testable import NN

@Suite struct RecurrentTests {
  @Test func goingOnFromAStateIsTheSameAsOneCall() {
    let lstm = LSTM(3, 4, layers: 2)
    let x = inputs([2, 6, 3])
    let whole = lstm(x)
    let first = lstm(x.slice(axis: 1, to: 4))
    let second = lstm(x.slice(axis: 1, from: 4), first.state)
    let joined = concatenate([first.output, second.output], axis: 1)
    #expect((joined - whole.output).abs().max().item() < 1e-6)
    #expect((second.state.cell - whole.state.cell).abs().max().item() < 1e-6)
  }

  @Test func theCellIsAStepOfTheNetwork() {
    let (gru, cell) = (GRU(3, 4), GRUCell(3, 4))
    for (a, b) in zip(gru.parameters, cell.parameters) { b.value = a.value }
    let x = inputs([2, 5, 3])
    var state = Tensor.zeros([2, 4])
    for step in 0..<5 { state = cell(x.select(axis: 1, at: step), state) }
    #expect((gru(x).state.squeeze(0) - state).abs().max().item() < 1e-6)
  }

  @Test func theBackwardDirectionSeesTheReversedSequence() {
    let (both, one) = (RNN(2, 3, bidirectional: true), RNN(2, 3))
    let reversed = both.namedParameters.filter { $0.path.hasSuffix("_reverse") }
    for ((_, a), b) in zip(reversed, one.parameters) { b.value = a.value }
    let x = inputs([1, 4, 2])
    let backward = both(x).output.slice(axis: 2, from: 3).flip(1)
    #expect((one(x.flip(1)).output - backward).abs().max().item() < 1e-6)
  }

  @Test func batchFirst() {
    let (first, second) = (LSTM(3, 4, batchFirst: false), LSTM(3, 4))
    for (a, b) in zip(first.parameters, second.parameters) { b.value = a.value }
    let x = inputs([5, 2, 3])
    let (a, b) = (first(x), second(x.transpose(0, 1)))
    #expect(b.output.shape == [2, 5, 4] && b.state.hidden.shape == [1, 2, 4])
    #expect(a.output.floats == b.output.transpose(0, 1).floats)
  }

  @Test func lazyAndExplicitAlike() {
    let (lazy, explicit) = (LazyGRU(4, layers: 2), GRU(3, 4, layers: 2))
    #expect(lazy.description == "GRU ? -> 4, 2 layers" && lazy.parameterCount == nil)
    for network in [lazy, explicit] {
      network.initialize(seed: 3)
      _ = network(inputs([2, 1, 3]))
    }
    #expect(lazy.values == explicit.values && lazy.parameterCount == 228)
  }

  @Test func startsUniformByTheHiddenSize() {
    let network = LSTM(3, 100)
    for values in network.values {
      let largest = values.map(abs).max() ?? 1
      #expect(largest <= 0.1 && largest > 0.098)
    }
    let cell = RNNCell(2, 25)
    #expect(cell.values.joined().allSatisfy { abs($0) <= 0.2 })
  }

  @Test func dropoutBetweenLayersOnlyWhileTraining() {
    let network = RNN(2, 3, layers: 2, dropout: 0.5)
    let x = inputs([4, 2, 2])
    #expect(network(x).output.floats != network(x).output.floats)
    network.evaluate()
    #expect(network(x).output.floats == network(x).output.floats)
    network.train()
    network.initialize(seed: 1)
    let first = network(x).output.floats
    network.initialize(seed: 1)
    #expect(network(x).output.floats == first)
  }

  @Test func descriptions() {
    #expect(
      LSTM(8, 16, layers: 2, bias: false, batchFirst: false, bidirectional: true).description
        == "LSTM 8 -> 16, 2 layers, bidirectional, steps first, no bias")
    #expect(RNN(2, 3, step: .init(.relu)).description == "RNN 2 -> 3, relu")
    #expect(LazyLSTM(8, projection: 3).description == "LSTM ? -> 8, projected to 3")
    #expect(LSTMCell(3, 4, bias: false).description == "LSTMCell 3 -> 4, no bias")
    #expect(RNNCell(1, 4, step: .init(.relu)).description == "RNNCell 1 -> 4, relu")
  }

  @Test func aNetworkInAModelIsFound() {
    final class Model: Module {
      let rnn = LSTM(2, 3, layers: 2, dropout: 0.1)
    }
    #expect(
      Model().namedParameters.prefix(5).map(\.path) == [
        "rnn.weight_ih_l0", "rnn.weight_hh_l0", "rnn.bias_ih_l0", "rnn.bias_hh_l0",
        "rnn.weight_ih_l1",
      ])
  }

  @Test func secondOrderGradients() throws {
    let networks: [(any Module, (Tensor) -> Tensor)] = [
      { n in (n, { n($0).output }) }(LSTM(2, 2)), { n in (n, { n($0).output }) }(GRU(2, 2)),
      { n in (n, { n($0).output }) }(RNN(2, 2)),
    ]
    for (network, call) in networks {
      network.useFloat64()
      try checkGradients(of: call, at: inputs([3, 1, 2], dtype: .float64), order: 2)
    }
  }

  @Test func partsShareMemoryAndJoinGradients() throws {
    let x = inputs([4, 6], dtype: .float64)
    let third = parts(x, 3, axis: 1)
    #expect(third.map(\.shape) == [[4, 2], [4, 2], [4, 2]])
    #expect(third[1].doubles == x.slice(axis: 1, from: 2, to: 4).doubles)
    #expect(parts(x, 4, axis: 0, squeezing: true).map(\.shape) == Array(repeating: [6], count: 4))
    // One part is not used at all.
    try checkGradients(
      of: { x in
        let all = parts(x, 3, axis: 1)
        return all[0] * all[2]
      }, at: x, order: 2)
  }
}
