import Autograd
import NN

// Models of Dive into Deep Learning over sequences, chapters 10.1 and 11.7, as its readers would
// write them. Their logits are [batch, tokens, steps], as `crossEntropy` wants them.

/// The tokens that follow: one-hot vectors through an LSTM.
final class LSTMLanguageModel: Classifier {
  let learningRate: Float = 4
  let tokens: Int
  let lstm: LSTM
  let linear: Linear
  var net: LSTMLanguageModel { self }

  init(tokens: Int = 28, hidden: Int = 32) {
    self.tokens = tokens
    lstm = LSTM(tokens, hidden, batchFirst: true)
    linear = LazyLinear(tokens)
  }

  func forward(_ x: consuming Tensor) -> Tensor {
    linear(lstm(.oneHot(x, classCount: tokens, dtype: .float32)).output).transpose(1, 2)
  }
}

/// The tokens of a translation that follow; the token 0 of a source is padding.
final class Translator: Module {
  let scale: Double
  let sources: Embedding
  let targets: Embedding
  let positions: PositionalEncoding
  let transformer: Transformer
  let linear: Linear

  init(tokens: Int = 20, width: Int = 32, dropout: Double = 0.1) {
    scale = Double(width).squareRoot()
    (sources, targets) = (Embedding(tokens, width), Embedding(tokens, width))
    positions = PositionalEncoding(width, dropout: dropout)
    transformer = Transformer(
      width, heads: 4, encoderLayers: 2, decoderLayers: 2, feedForward: 64, dropout: dropout)
    linear = LazyLinear(tokens)
  }

  func callAsFunction(_ source: Tensor, _ target: Tensor) -> Tensor {
    running {
      let padding = source .== 0
      let y = transformer(
        positions(sources(source) * scale), positions(targets(target) * scale),
        sourceKeyPaddingMask: padding, memoryKeyPaddingMask: padding, isTargetCausal: true)
      return linear(y).transpose(1, 2)
    }
  }
}
