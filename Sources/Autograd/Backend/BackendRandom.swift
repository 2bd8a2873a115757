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
    offCPU("uniform", [], into: [y]) { device, _ in
      device.uniform(words, low: low, high: high, largest: largest, into: y)
    } cpu: {
      CPU.uniform(words, low: low, high: high, largest: largest, into: $1[0])
    }
  }

  /// Normal numbers (Box and Muller 1958) into dense `y`, float32 or float64, a pair from two words.
  static func normal(
    _ words: RandomWords, mean: Double, standardDeviation: Double, into y: NDArray
  ) {
    if y.device == .cpu {
      return CPU.normal(words, mean: mean, standardDeviation: standardDeviation, into: y)
    }
    offCPU("normal", [], into: [y]) { device, _ in
      device.normal(words, mean: mean, standardDeviation: standardDeviation, into: y)
    } cpu: {
      CPU.normal(words, mean: mean, standardDeviation: standardDeviation, into: $1[0])
    }
  }

  /// Whether a word is below probability * 2^32, into dense boolean `y`, one word each.
  static func bernoulli(_ words: RandomWords, probability: Double, into y: NDArray) {
    if y.device == .cpu { return CPU.bernoulli(words, probability: probability, into: y) }
    offCPU("bernoulli", [], into: [y]) { device, _ in
      device.bernoulli(words, probability: probability, into: y)
    } cpu: {
      CPU.bernoulli(words, probability: probability, into: $1[0])
    }
  }

  /// True with a probability for each element, dense float64 in y's shape.
  static func bernoulli(_ words: RandomWords, probabilities: NDArray, into y: NDArray) {
    if onCPU(probabilities, y) {
      return CPU.bernoulli(words, probabilities: probabilities, into: y)
    }
    offCPU("bernoulli", [probabilities], into: [y]) {
      $0.bernoulli(words, probabilities: $1[0], into: y)
    } cpu: {
      CPU.bernoulli(words, probabilities: $0[0], into: $1[0])
    }
  }

  /// Uniform integers in low ..< low + count into dense int64 `y`, two words each.
  static func integers(_ words: RandomWords, from low: Int, count: UInt64, into y: NDArray) {
    if y.device == .cpu { return CPU.integers(words, from: low, count: count, into: y) }
    offCPU("integers", [], into: [y]) { device, _ in
      device.integers(words, from: low, count: count, into: y)
    } cpu: {
      CPU.integers(words, from: low, count: count, into: $1[0])
    }
  }

  /// Random words in the memory of the host, whatever devices there are.
  static func randomWords(_ words: RandomWords, into target: UnsafeMutableBufferPointer<UInt32>) {
    CPU.randomWords(words, into: target)
  }
}
