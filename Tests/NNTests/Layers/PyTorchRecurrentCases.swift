import Autograd

@testable import NN

extension PyTorchLayersTests {
  static let recurrent =
    networks("RNN", RNN.self) + networks("GRU", GRU.self) + memories
    + [
      LayerCase("RNN-relu", RNN(3, 4, batchFirst: false, step: .init(.relu))) { flat($0($1[0])) },
      LayerCase("RNNCell", RNNCell(3, 4)) { [$0($1[0])] },
      LayerCase("RNNCell-states", RNNCell(3, 2, bias: false)) { [$0($1[0], $1[1])] },
      LayerCase("RNNCell-unbatched", RNNCell(3, 2)) { [$0($1[0])] },
      LayerCase("GRUCell", GRUCell(3, 4)) { [$0($1[0])] },
      LayerCase("GRUCell-states", GRUCell(3, 2, bias: false)) { [$0($1[0], $1[1])] },
      LayerCase("GRUCell-unbatched", GRUCell(3, 2)) { [$0($1[0])] },
      LayerCase("LSTMCell", LSTMCell(3, 4)) { flat($0($1[0])) },
      LayerCase("LSTMCell-states", LSTMCell(3, 2, bias: false)) {
        flat($0($1[0], ($1[1], $1[2])))
      },
      LayerCase("LSTMCell-unbatched", LSTMCell(3, 2)) { flat($0($1[0])) },
    ]

  /// The cases of a network whose state is one tensor.
  private static func networks<Step: RecurrentStep>(
    _ name: String, _ kind: Recurrent<Step>.Type
  ) -> [LayerCase] where Step.State == Tensor {
    [
      LayerCase(name, Recurrent<Step>(3, 4, batchFirst: false)) { flat($0($1[0])) },
      LayerCase(name + "-unbatched", Recurrent<Step>(3, 2, batchFirst: false)) { flat($0($1[0])) },
      LayerCase(name + "-one-step", Recurrent<Step>(2, 3, bias: false, batchFirst: false)) {
        flat($0($1[0]))
      },
      LayerCase(
        name + "-states",
        Recurrent<Step>(3, 2, layers: 2, batchFirst: true, bidirectional: true)
      ) { flat($0($1[0], $1[1])) },
      LayerCase(
        name + "-unbatched-states", Recurrent<Step>(2, 3, batchFirst: false, bidirectional: true)
      ) {
        flat($0($1[0], $1[1]))
      },
      LayerCase(
        name + "-dropout", Recurrent<Step>(2, 3, layers: 3, batchFirst: false, dropout: 0.5)
      ) {
        flat($0($1[0]))
      },
    ]
  }

  private static let memories = [
    LayerCase("LSTM", LazyLSTM(4, batchFirst: false)) { flat($0($1[0])) },
    LayerCase("LSTM-unbatched", LSTM(3, 2, batchFirst: false)) { flat($0($1[0])) },
    LayerCase("LSTM-one-step", LSTM(2, 3, bias: false, batchFirst: false)) { flat($0($1[0])) },
    LayerCase("LSTM-states", LSTM(3, 2, layers: 2, batchFirst: true, bidirectional: true)) {
      flat($0($1[0], ($1[1], $1[2])))
    },
    LayerCase("LSTM-unbatched-states", LSTM(2, 3, batchFirst: false, bidirectional: true)) {
      flat($0($1[0], ($1[1], $1[2])))
    },
    LayerCase("LSTM-dropout", LSTM(2, 3, layers: 3, batchFirst: false, dropout: 0.5)) {
      flat($0($1[0]))
    },
    LayerCase("LSTM-projected", LazyLSTM(4, batchFirst: false, projection: 2)) { flat($0($1[0])) },
    LayerCase(
      "LSTM-projected-states",
      LSTM(2, 5, layers: 2, batchFirst: true, bidirectional: true, projection: 3)
    ) { flat($0($1[0], ($1[1], $1[2]))) },
  ]

  private static func flat(_ results: (output: Tensor, state: Tensor)) -> [Tensor] {
    [results.output, results.state]
  }

  private static func flat(_ results: (output: Tensor, state: LSTMStep.State)) -> [Tensor] {
    [results.output] + flat(results.state)
  }

  private static func flat(_ state: LSTMStep.State) -> [Tensor] { [state.hidden, state.cell] }
}
