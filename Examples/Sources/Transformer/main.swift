import Autograd
import NN

// A Transformer encoder that learns to reverse sequences: each output must attend to the token at the
// mirrored position.

let (tokenCount, length, width) = (10, 8, 32)

/// Maps token ids [batch, length] to logits [batch, tokens, length].
final class Reverser: Layer {
  let embedding = Embedding(tokenCount, width)
  let positions = PositionalEncoding(width)
  let encoder = TransformerEncoder(2) {
    TransformerEncoderLayer(width, heads: 2, feedForward: 64, dropout: 0, normFirst: true)
  }
  let head = LazyLinear(tokenCount)

  func forward(_ tokens: Tensor) -> Tensor {
    let x = positions(embedding(tokens))  // [batch, length, width]
    return head(encoder(x)).transpose(1, 2)  // classes on axis 1, where crossEntropy expects them
  }
}

let model = Reverser()
model.initialize(seed: 0)
let optimizer = Adam(model.parameters, learningRate: 0.003)
var random = RandomStream(seed: 1)

/// The share of tokens of new sequences that a model puts where they belong.
func accuracy(_ model: Reverser, _ random: inout RandomStream) -> Double {
  let tokens = random.integers([200, length], in: 0..<tokenCount)
  let predicted = model.evaluating { model(tokens).argmax(axis: 1) }
  return (predicted .== tokens.flip(1)).asType(.float64).mean().item()
}

print("before training, accuracy \(accuracy(model, &random))")
for step in 1...300 {
  let tokens = random.integers([64, length], in: 0..<tokenCount)
  let (loss, gradients) = model.valueAndGradients { crossEntropy(model(tokens), tokens.flip(1)) }
  optimizer.step(gradients.clipped(norm: 1))
  if step % 50 == 0 {
    print("step \(step): loss \(loss.item()), accuracy \(accuracy(model, &random))")
  }
}

let tokens = random.integers([1, length], in: 0..<tokenCount)
print("tokens:  ", tokens)
print("reversed:", model.evaluating { model(tokens).argmax(axis: 1) })
print("\(model.parameterCount ?? 0) parameters")

let final = accuracy(model, &random)
guard final > 0.98 else { fatalError("the accuracy is only \(final)") }
