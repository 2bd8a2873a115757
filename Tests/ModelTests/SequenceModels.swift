import Autograd
import NN

// Models of Dive into Deep Learning over sequences, chapters 10.1, 11.7 and 11.8, as its readers would
// write them. Logits of tokens are [batch, tokens, steps], as `crossEntropy` wants them.

/// The tokens that follow: one-hot vectors through an LSTM.
final class LSTMLanguageModel: Classifier {
  let learningRate = 4.0
  let tokens: Int
  let lstm: LSTM
  let linear: Linear
  var net: LSTMLanguageModel { self }

  init(tokens: Int = 28, hidden: Int = 32) {
    self.tokens = tokens
    lstm = LSTM(tokens, hidden)
    linear = LazyLinear(tokens)
  }

  func forward(_ x: Tensor) -> Tensor {
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
        sourceKeyPaddingMask: padding, memoryKeyPaddingMask: padding, targetCausal: true)
      return linear(y).transpose(1, 2)
    }
  }
}

/// A Transformer over the patches of an image and a token of its own that gets the class.
final class ViT: Classifier {
  let learningRate = 0.1
  let classToken: Parameter
  let positions: Parameter
  let patches: Conv2d
  let dropout: Dropout
  let blocks: TransformerEncoder
  let head: Sequential
  var net: ViT { self }

  init(
    size: Int = 96, patch: Int = 16, width: Int = 512, heads: Int = 8, features: Int = 2048,
    dropout: Double = 0.1
  ) {
    let count = (size / patch) * (size / patch)
    classToken = Parameter(shape: [1, 1, width], initializer: .zeros)
    positions = Parameter(shape: [1, count + 1, width], initializer: .normal())
    patches = LazyConv2d(width, kernelSize: .all(patch), stride: .all(patch))
    self.dropout = Dropout(dropout)
    blocks = TransformerEncoder(2) {
      TransformerEncoderLayer(
        width, heads: heads, feedForward: features, dropout: dropout, activation: GELU(),
        normFirst: true)
    }
    head = Sequential(LayerNorm([width]), LazyLinear(10))
  }

  func forward(_ x: Tensor) -> Tensor {
    let patches = patches(x).flatten(from: 2).transpose(1, 2)
    let token = classToken.value.expand([patches.size(0), -1, -1])
    let tokens = concatenate([token, patches], axis: 1)
    return head(blocks(dropout(tokens + positions.value))[.all, 0])
  }
}
