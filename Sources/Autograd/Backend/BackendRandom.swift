// Primitives that draw random numbers.
extension Backend {
  /// Uniform numbers, low + (high - low) * (word + 1/2) / 2^32 but at most `largest`, into dense `y`, float32 or
  /// float64, one word each.
  static func uniform(
    _ words: RandomWords, low: Double, high: Double, largest: Double, into y: NDArray
  ) {
    if y.device == .cpu {
      return CPU.uniform(words, low: low, high: high, largest: largest, into: y)
    }
    offCPU("uniform", .uniform(words, low: low, high: high, largest: largest), [], into: [y])
  }

  /// Normal numbers (Box and Muller 1958) into dense `y`, float32 or float64, a pair from two words.
  static func normal(
    _ words: RandomWords, mean: Double, standardDeviation: Double, into y: NDArray
  ) {
    if y.device == .cpu {
      return CPU.normal(words, mean: mean, standardDeviation: standardDeviation, into: y)
    }
    offCPU(
      "normal", .normal(words, mean: mean, standardDeviation: standardDeviation), [], into: [y])
  }

  /// Whether a word is below probability * 2^32, into dense boolean `y`, one word each.
  static func bernoulli(_ words: RandomWords, probability: Double, into y: NDArray) {
    if y.device == .cpu { return CPU.bernoulli(words, probability: probability, into: y) }
    offCPU("bernoulli", .bernoulli(words, probability: probability), [], into: [y])
  }

  /// True with a probability for each element, dense float64 in y's shape.
  static func bernoulli(_ words: RandomWords, probabilities: NDArray, into y: NDArray) {
    if onCPU(probabilities, y) {
      return CPU.bernoulli(words, probabilities: probabilities, into: y)
    }
    offCPU("bernoulli", .bernoulliEach(words), [probabilities], into: [y])
  }

  /// Uniform integers in low ..< low + count into dense int64 `y`, two words each.
  static func integers(_ words: RandomWords, from low: Int, count: UInt64, into y: NDArray) {
    if y.device == .cpu { return CPU.integers(words, from: low, count: count, into: y) }
    offCPU("integers", .integers(words, from: low, count: count), [], into: [y])
  }

  /// Random words in the memory of the host, whatever devices there are.
  static func randomWords(_ words: RandomWords, into target: UnsafeMutableBufferPointer<UInt32>) {
    CPU.randomWords(words, into: target)
  }
}
